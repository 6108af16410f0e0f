/**
 * npm run check:containers [-- <part of a name>]: servers and agents in containers, on two hosts, under filters of
 * system calls and with reused pids (test/containers). Skips, loudly, what this machine does not allow.
 * With HPR_REPORT=<file> the counts are written there as JSON.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { names } from "../test/containers/scenarios.mjs";
import { buildNative, nativeFolder } from "./native.mjs";
import { root } from "./setup.mjs";

const SCENARIO_MS = 120_000;
const BESIDE_EACH_OTHER = 3; // most of their time is waiting
const folderOf = (name) => path.join(root, "test", "containers", name);
const refuse = path.join(nativeFolder, "refuse");
const EPERM = "1";

const isRoot = process.getuid?.() === 0;
/** A pid namespace with an init that reaps: the shell. */
const container = [
  "unshare",
  ...(isRoot ? [] : ["-Ur"]),
  "-m",
  "--pid",
  "--fork",
  "--mount-proc",
  "--kill-child",
  "sh",
  "-c",
  '"$@" & wait $!',
  "sh",
];

const FILTERS = [
  ["no filter", []],
  ["open_by_handle_at refused", ["open_by_handle_at"]],
  ["pidfd_open refused", ["pidfd_open"]],
  ["pidfd_send_signal refused", ["pidfd_send_signal"]],
  [
    "all pidfds and names refused",
    ["pidfd_open", "pidfd_send_signal", "name_to_handle_at", "open_by_handle_at"],
  ],
];
const UNDER_FILTERS = /^(ends what a crashed agent|leaves strangers alone)/;

const works = (...command) =>
  spawnSync(command[0], command.slice(1), { timeout: 15_000, stdio: "ignore" }).status === 0;
const inside = (script, ...rest) => works(...container, "sh", "-c", script, "sh", ...rest);
/** @type {[RegExp, string, () => boolean][]} */
const NEEDS = [
  [/.*/, "a pid namespace with a /proc of its own (unshare)", () => inside("true")],
  [
    /leaves strangers|whoever has their pids|another container/,
    "a writable ns_last_pid",
    () => inside("echo 40 > /proc/sys/kernel/ns_last_pid"),
  ],
  [
    /host|boot id|machine id|nothing else|local folder|shared folder/,
    "bind mounts over /proc",
    () => inside("mount --bind /dev/null /proc/sys/kernel/random/boot_id"),
  ],
  [
    /shared folder/,
    "FUSE",
    () =>
      inside(
        'd=$(mktemp -d); node "$1" $d & for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mountpoint -q $d && exit 0; sleep 0.2; done; exit 1',
        folderOf("shared-folder.mjs"),
      ),
  ],
  [
    /time namespace/,
    "time namespaces",
    () => inside("unshare --time --boottime 86400 --fork true"),
  ],
  [/by mark/, "environments that can be read", () => isRoot],
];

const total = { passed: 0, failed: 0, skipped: 0 };
const known = new Map();

/** What the machine lacks for it, or undefined. */
function lack(name) {
  for (const [pattern, what, has] of NEEDS) {
    if (!pattern.test(name)) continue;
    if (!known.has(what)) known.set(what, has());
    if (!known.get(what)) return what;
  }
  return undefined;
}

function run(name, refused) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hpr-container-"));
  const filter = refused.length ? [refuse, EPERM, refused.join()] : [];
  const withheld = refused.some((call) => call.startsWith("pidfd")) ? "1" : "0";
  const argv = [...container, ...filter, process.execPath, folderOf("scenarios.mjs"), name, folder];
  const env = { ...process.env, HPR_WITHHELD: withheld, HPR_REFUSED: refused.join() };
  return new Promise((resolve) => {
    const child = spawn(argv[0], argv.slice(1), {
      env,
      stdio: ["ignore", "inherit", "pipe"],
      timeout: SCENARIO_MS,
      killSignal: "SIGKILL",
    });
    let errors = "";
    child.stderr.on("data", (data) => (errors += data));
    child.on("close", (code) => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      resolve({ kept: code === 0, errors });
    });
  });
}

async function play(name, [under, refused]) {
  const title = refused.length ? `${name} (${under})` : name;
  const missing = lack(name);
  if (missing) {
    console.log(`SKIP  ${title}: PROVES NOTHING HERE, needs ${missing}`);
    total.skipped++;
    return;
  }
  const { kept, errors } = await run(name, refused);
  console.log(`${kept ? "ok   " : "FAIL "} ${title}${kept ? "" : `\n${errors.trim()}`}`);
  total[kept ? "passed" : "failed"]++;
}

if (process.platform !== "linux") {
  console.log("SKIP  containers: PROVE NOTHING HERE, need Linux");
  total.skipped = names.length;
} else {
  if (!lack("")) buildNative("refuse");
  const part = process.argv[2] ?? "";
  const plays = names
    .filter((name) => name.includes(part))
    .flatMap((name) =>
      (UNDER_FILTERS.test(name) ? FILTERS : FILTERS.slice(0, 1)).map((filter) => [name, filter]),
    );
  const next = async () => {
    for (let it; (it = plays.shift()); ) await play(...it);
  };
  await Promise.all(Array.from({ length: BESIDE_EACH_OTHER }, next));
}
console.log(`containers: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (process.env.HPR_REPORT) writeFileSync(process.env.HPR_REPORT, JSON.stringify(total));
process.exitCode = total.failed ? 1 : 0;
