/** The native programs under test/native and test/sim, built with CMake. */
import path from "node:path";
import { root, run } from "./setup.mjs";

export const nativeFolder = path.join(root, "build", "native");

/** `options` are CMake's own, for a folder of their own. */
export function configureNative(folder, options) {
  const source = path.join(root, "test", "native");
  run("cmake", ["-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Debug", ...options]);
}

/** `targets`: none is all. */
export function buildNative(targets = [], folder = nativeFolder, options = []) {
  configureNative(folder, options);
  const chosen = [targets].flat().flatMap((name) => ["--target", name]);
  run("cmake", ["--build", folder, "--parallel", "2", ...chosen]);
}
