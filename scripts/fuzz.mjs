/**
 * npm run fuzz -- [--seconds N]: lets libFuzzer look for bytes that the store does not survive. What
 * it has learned stays in build/fuzz/corpus for the next run; an input that fails is kept beside it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { writeSeeds } from "../test/fuzz/seeds.mjs";
import { installSystemPackages, needs, root, run } from "./setup.mjs";

/** clang alone does not do: Debian has libFuzzer in a package of its own. */
function fuzzes() {
  const input = 'extern "C" int LLVMFuzzerTestOneInput(const char *, unsigned long) { return 0; }';
  const args = ["-fsanitize=fuzzer", "-x", "c++", "-o", "/dev/null", "-"];
  return spawnSync("clang++", args, { input, stdio: ["pipe", "ignore", "ignore"] }).status === 0;
}

const clang = { has: fuzzes, apt: "clang libclang-rt-dev", brew: "llvm" };

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const folder = path.join(root, "build", "fuzz");
const [seeds, corpus] = [path.join(folder, "seeds"), path.join(folder, "corpus")];

function build() {
  const compilers = ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++"];
  run("cmake", ["-S", path.join(root, "test", "fuzz"), "-B", folder, ...compilers]);
  run("cmake", ["--build", folder, "--parallel", "2"]);
}

installSystemPackages([...needs, clang]);
build();
writeSeeds(seeds);
mkdirSync(corpus, { recursive: true });
const fuzzer = spawnSync(
  path.join(folder, "store_fuzz"),
  [
    corpus,
    seeds,
    `-max_total_time=${values.seconds}`,
    `-dict=${path.join(root, "test", "fuzz", "pidfile.dict")}`,
    `-artifact_prefix=${folder}/`,
    "-max_len=4096",
    "-timeout=10",
    "-verbosity=0",
    "-print_final_stats=1",
  ],
  { encoding: "utf8", maxBuffer: 2 ** 28 },
);
if (fuzzer.status !== 0) process.stderr.write(`${fuzzer.stderr}\n${fuzzer.error ?? ""}`);
const executed = /number_of_executed_units: (\d+)/.exec(fuzzer.stderr ?? "")?.[1] ?? 0;
console.log(`fuzz: ${executed} inputs, ${fuzzer.status === 0 ? "none" : "one"} that fails`);
process.exitCode = fuzzer.status ?? 1;
