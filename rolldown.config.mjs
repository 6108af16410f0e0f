/**
 * What is in dist/: all that a server's start loads in one file beside the binary's loader, because
 * each file that Node looks for, reads and compiles costs it 0.2 ms. What looks at keepers and the
 * command line stand apart, and are loaded when they are needed.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const root = path.dirname(fileURLToPath(import.meta.url));
const APART = ["lib/binding.ts", "lib/keepers/lazy.ts"].map((it) => path.join(root, it));

/** lib/FOLDER/NAME.ts and what it needs. */
function program(folder, name) {
  const source = path.join(root, "lib", folder, `${name}.ts`);
  const isApart = (id, importer) => {
    const file = path.resolve(path.dirname(importer), id).replace(/\.js$/, ".ts");
    return file !== source && APART.includes(file);
  };
  return {
    input: { [name]: source },
    platform: "node",
    external: (id, importer) => importer && isApart(id, importer),
    transform: { target: "node20" },
    output: {
      dir: path.join(root, "dist", folder),
      format: "cjs",
      chunkFileNames: "[name].js",
      dynamicImportInCjs: false, // imports go on in the order of the calls
    },
  };
}

export default defineConfig([
  program("", "binding"),
  program("", "index"),
  program("keepers", "lazy"),
  program("cli", "main"),
]);
