/** The native programs under test, built with CMake. */
import path from "node:path";
import { root, run } from "./setup.mjs";

export const nativeFolder = path.join(root, "build", "native");

/** `options` are CMake's own, for a folder of their own; `source` has a CMakeLists.txt. */
export function configureNative(folder, options, source = path.join(root, "test", "native")) {
  run("cmake", ["-S", source, "-B", folder, ...options]);
}

/**
 * @param {string | string[]} targets none is all
 * @param {string[]} options
 * @param {string=} source
 */
export function buildNative(targets = [], folder = nativeFolder, options = [], source = undefined) {
  configureNative(folder, options, source);
  const chosen = [targets].flat().flatMap((name) => ["--target", name]);
  run("cmake", ["--build", folder, "--parallel", "2", ...chosen]);
}
