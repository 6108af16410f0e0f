/**
 * Where the native addon is. Tracers and bundlers (@vercel/nft, ncc) read this file and bring along
 * what its constant paths name; they follow nothing that is put together in a function.
 * node-gyp-build would have them take one system's binary only, and tells musl by a file of Alpine.
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";

/** Not by import: what that is compiled to, ncc does not follow. */
const path = require("node:path") as typeof import("node:path");

/** The build of a checkout. */
const checkout = path.join(__dirname, "..", "build", "Release", "headless_pid_registry.node");
/** The build that a user made in the installed package: it goes before what came with it. */
const built = path.join(
  __dirname,
  "..",
  "native",
  "build",
  "Release",
  "headless_pid_registry.node",
);
const prebuilds = path.join(__dirname, "..", "prebuilds");

/** Where a program names its loader, as detect-libc knows too. */
const HEAD_BYTES = 2048;

/** What Node itself was linked with; undefined where its first bytes do not say so. */
function linkedWith(): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const fd = openSync("/proc/self/exe", "r");
  readSync(fd, head, 0, HEAD_BYTES, 0);
  closeSync(fd);
  return ["musl", "linux"].find((it) => head.includes(`/ld-${it}-`))?.replace("linux", "glibc");
}

/** Of Linux there are two; "" elsewhere. */
function libc(): string {
  if (process.platform !== "linux") return "";
  try {
    const family = linkedWith();
    if (family) return family;
  } catch {} // a sandbox without /proc: detect-libc has other ways
  // Loaded only now: it loads node:child_process, which takes longer than all the rest of us.
  const { familySync } = require("detect-libc") as typeof import("detect-libc");
  return familySync() ?? "glibc";
}

/** Every other place, the best first. A bundle's binary lies beside the bundle or the executable. */
function places(): string[] {
  const system = `${process.platform}-${process.arch}`;
  const name = ["headless-pid-registry", libc(), "node"].filter(Boolean).join(".");
  const here = [__dirname, path.dirname(process.execPath)];
  return [
    path.join(prebuilds, system, name),
    ...here.map((folder) => path.join(folder, "prebuilds", system, name)),
    ...here.map((folder) => path.join(folder, name)),
  ];
}

function noBinary(tried: string[]): Error {
  const system = [process.platform, process.arch, libc()].filter(Boolean).join("-");
  const source = path.join(__dirname, "..", "native");
  const text = [
    `headless-pid-registry: no binary for ${system}. Looked for:`,
    ...tried.map((file) => `  ${file}`),
    'If this is a bundle, copy the package\'s folder "prebuilds" beside it.',
    `Otherwise build one (a C++ compiler, make and Python are needed): npm install --prefix ${JSON.stringify(source)}`,
  ];
  return Object.assign(new Error(text.join("\n")), { code: "HPR_ENOBINARY" });
}

/** Loads the addon. A binary that is there and does not load throws the loader's own error. */
export function loadBinary(): unknown {
  const exists = (file: string): boolean => existsSync(file);
  const file = [checkout, built].find(exists) ?? places().find(exists);
  if (file === undefined) throw noBinary([checkout, built, ...places()]);
  return createRequire(file)(file);
}
