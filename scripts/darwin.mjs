/**
 * npm run check:darwin: macOS cannot run here. Its code is compiled, warnings being errors, for
 * both of its processors, and linked as Node would load it; then it runs on this system, upon
 * stand-ins for what macOS would answer (test/darwin): native tests, and a server's story.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkBinary } from "./binary.mjs";
import { crossBuild } from "./cross.mjs";
import { buildNative } from "./native.mjs";
import { packageAround } from "./package-around.mjs";
import { headersFolder, root, runs, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { fetchZig } from "./zig.mjs";

const TRIPLES = { x64: "x86_64-macos.11.0", arm64: "aarch64-macos.11.0" };
const stands = path.join("test", "darwin");

/** Tests whose promise is Linux's alone, and what macOS has instead. */
const ELSEWHERE = [
  "*Thread*", // its threads have no pids
  "*PidNamespace*",
  "*MalformedBirth*",
  "*HasAnotherName*",
  "Watch.OfSomebodyForeign*", // a birth is one number
  "*LeaderWasReaped*",
  "*LeaderThatWasReaped*", // nobody can tell whose group it is
  "Process.OfAnotherUserIsForeign",
  "Signal.DoesNotGoToAnotherUser", // who it is is not told: UNKNOWN
  "Watch.*Fork*",
  "Watch.GivesNoDescriptorToAnotherProgram", // a queue passes to nobody
  "Watch.ProbesWithoutADescriptorLeft", // looking takes none
  "List.HasSomebodyOfALine*", // its list of pids is one piece, and is not read anew
  "Errand.*", // its threads share their descriptors
  "Listener.IsNotNamedFromTheMomentItIsKilled", // a kill that is under way is not told
];

const folderOf = (name) => path.join(root, "build", "darwin", name);

/* --- building --------------------------------------------------------------------------------- */

const headers = () => path.join(headersFolder() ?? "", "include", "node");

/** Returns the binary. `sources`: what scripts/sources.mjs has fetched. */
export function buildDarwin(arch, sources) {
  const zig = fetchZig();
  const target = ["-target", TRIPLES[arch]];
  return crossBuild(folderOf(arch), sources, {
    os: "mac",
    compilers: { ".c": [zig, "cc", ...target], ".cc": [zig, "c++", ...target] },
    headers: headers(),
    flags: ["-fPIC"],
    link: ["-undefined", "dynamic_lookup", "-Wl,-dead_strip"],
  });
}

/** The same code for this system. */
function buildOnStandIns(sources) {
  const include = path.join(stands, "include");
  return crossBuild(folderOf("stand-ins"), sources, {
    os: "mac",
    compilers: { ".c": ["cc"], ".cc": ["c++"] },
    headers: headers(),
    flags: ["-fPIC", "-I", include, "-include", path.join(include, "darwin.h")],
    sources: ["kqueue.c", "processes.c"].map((it) => path.join(stands, it)),
    link: ["-Wl,-Bsymbolic"], // the C library still has a sysctl of its own
  });
}

/* --- running ---------------------------------------------------------------------------------- */

/** `sum`: what the program says at its end if it ran at all. */
function show(what, sum, command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const said = [...stdout.matchAll(sum)].map(([line]) => line).join(", ");
  if (status !== 0 || !said) throw new Error(`check:darwin: ${what}:\n${stdout}${stderr}`);
  console.log(`check:darwin: on stand-ins: ${what}: ${said}`);
}

function runOnStandIns(sources) {
  const native = folderOf("native");
  buildNative("native_tests", native, ["-DHPR_PLATFORM=darwin"]);
  show("native tests", /^\[ +(PASSED|SKIPPED) +\] \d+ tests/gm, path.join(native, "native_tests"), [
    "--gtest_brief=1",
    `--gtest_filter=-${ELSEWHERE.join(":")}`,
  ]);
  const binary = buildOnStandIns(sources);
  const installed = packageAround(
    binary,
    `${process.platform}-${process.arch}`,
    folderOf("package"),
  );
  show("a server's story", /^\d+ steps passed$/gm, process.execPath, [
    path.join("test", "system", "lifecycle.mjs"),
    installed,
    "darwin",
  ]);
}

function main() {
  setup();
  if (
    process.platform !== "linux" ||
    process.arch !== "x64" ||
    !runs("npm", "ping", "--fetch-retries=0")
  )
    return console.log("SKIP: check:darwin: the cross compiler cannot be had here");
  const sources = fetchSources();
  for (const arch of Object.keys(TRIPLES)) {
    checkBinary(buildDarwin(arch, sources), "darwin");
    console.log(`check:darwin: compiled and linked for ${TRIPLES[arch]}`);
  }
  runOnStandIns(sources);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
