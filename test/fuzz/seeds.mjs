// Where the fuzzer starts: every bad input that the tests know, and sound ones.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { badEntries, badPids, noEntries, withPid } from "../corpus/bad-entries.mjs";
import { badFiles } from "../corpus/bad-files.mjs";

const LONGEST = 4096; // longer inputs slow the search down and show nothing new

const sound = (pid) =>
  JSON.stringify({
    pid,
    cwd: "/bystander",
    spawnedAt: "2026-01-31T23:59:59.999Z",
    spawnToken: "t",
    piPid: pid + 1,
    keeperPid: pid,
    keeperSockPath: "/k.sock",
    terminating: true,
    identity: { boot: "b@1", birth: "4.5.6" },
    piIdentity: { boot: "b@1", birth: "4.6.7", kin: false },
    owner: { pid: 99, boot: "b@1", birth: "4.1.2", id: "0123456789abcdef" },
    other: { list: [1.5e3, null, "é\ud83d\ude00"] },
  });

export function seeds() {
  const [one, two] = [sound(1234), sound(4321)];
  const entries = [
    ...badPids.map(([, make]) => withPid(one, 1234, make(1234))),
    ...badEntries.map(([, edit]) => edit(one, 1234)),
    ...noEntries,
    one,
  ];
  return [
    ...badFiles.map(([, make]) => Buffer.from(make(one, two))),
    ...entries.map((entry) => Buffer.from(`{"entries":[${entry},${two}],"version":1}`)),
    Buffer.from(`\ufeff{"a":[{}], "entries" : [ ${one} ] }\n`),
  ].filter((seed) => seed.length <= LONGEST);
}

/** Writes each into a file of its own, as libFuzzer wants them. */
export function writeSeeds(folder) {
  mkdirSync(folder, { recursive: true });
  seeds().forEach((seed, number) => writeFileSync(path.join(folder, `seed-${number}`), seed));
}
