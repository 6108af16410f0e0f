/**
 * npm run test:sanitize [-- PART …]: the native programs under AddressSanitizer, UndefinedBehaviorSanitizer and
 * ThreadSanitizer, and the addon under the first two inside Node, driven by the public tests.
 * PART: address, thread, addon.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { buildNative } from "./native.mjs";
import { nodeGyp, root, setup } from "./setup.mjs";

const SIM_SECONDS = "10";
const folder = path.join(root, "build", "sanitize");
const failures = [];

function check(name, command, args, options = {}) {
  console.log(`--- ${name}`);
  const env = { ...process.env, ...options.env };
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options, env });
  if (done.status !== 0) failures.push(name);
}

/** `without`: what Google Test leaves out, because the sanitizer changes what it measures. */
function runPrograms(name, sanitizers, without = "") {
  const build = path.join(folder, name);
  buildNative([], build, [`-DHPR_SANITIZE=${sanitizers}`]);
  const env = { TSAN_OPTIONS: "die_after_fork=0", UBSAN_OPTIONS: "print_stacktrace=1" };
  const args = ["--gtest_brief=1", `--gtest_filter=-${without}`];
  for (const program of readdirSync(build).filter((it) => it.endsWith("_tests")))
    check(`${program} (${name})`, path.join(build, program), args, { env });
  check(`sim (${name})`, path.join(build, "sim"), ["--seeds", "100000", "--seconds", SIM_SECONDS]);
}

/** The package once more in a folder of its own, with an instrumented binary. */
function copyPackage(copy) {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  const parts = ["src", "lib", "dist", "test", "examples", "binding.gyp", "package.json"];
  for (const part of [...parts, "index.d.ts", "tsconfig.json", "vitest.config.mts"])
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
}

/** Node itself is not instrumented: the runtime must come before everything else. */
function runtime(name) {
  const { stdout } = spawnSync("cc", [`-print-file-name=${name}`], { encoding: "utf8" });
  return stdout.trim();
}

function runAddon() {
  const copy = path.join(folder, "addon");
  const flags = "-fsanitize=address,undefined -fno-omit-frame-pointer -g";
  copyPackage(copy);
  const env = { ...process.env, CFLAGS: flags, CXXFLAGS: flags, LDFLAGS: flags };
  nodeGyp(["configure", "build"], { cwd: copy, env });
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  // Those start a compiler, which is no program of ours.
  const others = ["package", "docs"].map((name) => `--exclude=test/${name}*`);
  check("addon (address, undefined)", process.execPath, [vitest, "run", ...others], {
    cwd: copy,
    env: {
      LD_PRELOAD: `${runtime("libasan.so")}:${runtime("libubsan.so")}`,
      ASAN_OPTIONS: "detect_leaks=0", // what Node keeps until it exits
      UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
      HPR_ENDINGS: "1000", // as npm run torture
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --max-old-space-size=2048`,
    },
  });
}

setup();
const PARTS = {
  address: () => runPrograms("address", "address;undefined"),
  thread: () => runPrograms("thread", "thread", "*Quickly"),
  addon: runAddon,
};

for (const [name, part] of Object.entries(PARTS))
  if (process.argv.length === 2 || process.argv.includes(name)) part();
for (const name of failures) console.error(`failed: ${name}`);
console.log(failures.length === 0 ? "no sanitizer complained" : `${failures.length} failed`);
process.exitCode = failures.length ? 1 : 0;
