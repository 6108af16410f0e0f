/**
 * .ci/run, but for `npm test`: checks, two at a time. What is slow and rarely breaks runs when its files
 * changed. Where nobody knows what has changed all of them run but the slowest. What is left out is
 * named with the reason, runs weekly, and now with --all.
 */
import { spawn } from "node:child_process";
import { findChanges } from "./changes.mjs";
import { root, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";

const AT_A_TIME = 2;
const all = process.argv.includes("--all");
const cross = /^(binding\.gyp|scripts\/(cross|binary)\.mjs)$/;
const packed =
  /^(package(-lock)?\.json|rolldown\.config\.mjs|lib\/find-binary\.ts|(scripts|test)\/pack\/.*)$/;
const platform = /^src\/(base|platform\/[^/]+\.h$)/;

/**
 * `files`: it runs if one of those has changed; without them always. `slowest`: not where nobody knows
 * what has changed.
 * @type {{ command: string, files?: RegExp[], slowest?: boolean, instead?: string }[]}
 */
const STEPS = [
  {
    command: "test:sanitize",
    files: [/^src\/addon\//, /\/watch\.c$/, /^scripts\/sanitize/],
    slowest: true,
  },
  {
    command: "test:sanitize -- address",
    files: [/^src\//, /^test\/(native|sim)\//],
    instead: "test:sanitize",
  },
  { command: all ? "lint -- --all" : "lint" },
  {
    command: "pack:check",
    files: [cross, packed, /^scripts\/(prebuild|sources)/],
    slowest: true,
  },
  { command: "pack:check -- --here contents tools nodes", instead: "pack:check" },
  { command: "fuzz -- --seconds 60" },
  {
    command: "sim:mutants",
    files: [/^src\/(base|core|store)\//, /^src\/platform\/[^/]+$/, /^test\/sim\//],
    slowest: true,
  },
  {
    command: "check:darwin",
    files: [
      cross,
      platform,
      /^src\/platform\/(darwin|posix)\//,
      /^test\/darwin\//,
      /^scripts\/(darwin|zig)/,
    ],
  },
  {
    command: "check:windows",
    files: [
      cross,
      platform,
      /^src\/platform\/windows\//,
      /^test\/native\/windows\//,
      /^scripts\/windows/,
    ],
  },
  { command: "torture", files: [/^src\/addon\//, /^lib\//, /^test\/torture/] },
  { command: "soak:crowd", files: [/^src\/core\/(tree|census)/, /^test\/soak\/crowd/] },
  { command: "soak -- --seconds 30", files: [/^src\/(addon|core)\//, /^lib\//, /^test\/soak\//] },
  { command: "turns", files: [/^src\/store\//, /^test\/(model|soak)\//], slowest: true },
  {
    command: "check:kernels",
    files: [/^scripts\/kernels/, /^test\/kernels\//],
    slowest: true,
  },
  {
    command: "check:minimal",
    files: [/^scripts\/(minimal|test)\.mjs$/],
    slowest: true,
  },
  { command: "e2e", files: [/^e2e\//, /^lib\/(keepers|index)/], slowest: true },
];

const failed = [];

/**
 * What is to be run, and of the rest why not.
 * @param {ReturnType<typeof findChanges>} changes
 */
function choose({ since, files }) {
  const changed = (it) => files?.some((file) => it.files.some((pattern) => pattern.test(file)));
  const wanted = (it) => all || !it.files || (files ? changed(it) : !it.slowest);
  const runs = STEPS.filter(wanted).filter((it, _, chosen) =>
    chosen.every((other) => other.command !== it.instead),
  );
  if (!all) console.log(`checks: compared with ${since}`);
  for (const { command } of STEPS.filter((it) => !wanted(it)))
    console.log(
      `left out: npm run ${command}: ${files ? "its files have not changed" : "slow; --all runs it"}`,
    );
  return runs;
}

/** Its last line; all that it said if it fails. */
function run({ command }) {
  const begun = Date.now();
  const child = spawn("npm", ["run", "--silent", ...command.split(" ")], {
    cwd: root,
    env: { ...process.env, HPR_READY: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      child.on("close", (code) => {
        const said = Buffer.concat(output).toString().trimEnd();
        if (code !== 0) failed.push(command);
        const shown = code === 0 ? said.slice(said.lastIndexOf("\n") + 1) : `FAILED\n${said}`;
        console.log(`npm run ${command} (${Math.round((Date.now() - begun) / 1000)} s): ${shown}`);
        resolve();
      });
    })
  );
}

const waiting = choose(findChanges());
setup();
fetchSources();
const work = async () => {
  for (let next; (next = waiting.shift()); ) await run(next);
};
await Promise.all(Array.from({ length: AT_A_TIME }, work));
for (const command of failed) console.error(`failed: npm run ${command}`);
process.exitCode = failed.length ? 1 : 0;
