/**
 * What is in dist/: all that a server's start loads in one file beside the binary's loader, because
 * each file that Node looks for, reads and compiles costs it 0.2 ms. What looks at keepers and the
 * command line stand apart, and are loaded when they are needed. The command line is one file with
 * its libraries; of them string-width is apart, because to parse its patterns alone takes 9 ms.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";
import { bundled } from "./scripts/pack/bundled.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const APART = ["lib/binding.ts", "lib/index.ts", "lib/keepers/lazy.ts", "lib/cli/wide.ts"].map(
  (it) => path.join(root, it),
);

/** The package that a module is of; undefined: it is our own. */
const packageOf = (id) => /^.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)/.exec(id)?.[1];

/** What others wrote is in dist/ only with its licence in the package. */
const licensed = {
  name: "licensed",
  generateBundle(_, output) {
    const modules = Object.values(output).flatMap((it) => Object.keys(it.modules ?? {}));
    for (const name of modules.map(packageOf))
      if (name && !Object.hasOwn(bundled, name))
        throw new Error(`${name} is bundled, and scripts/pack/bundled.mjs does not name it`);
  },
};

/**
 * lib/FOLDER/NAME.ts and what it needs. `whole`: in one file, whenever it is needed.
 * @returns {import("rolldown").RolldownOptions}
 */
function program(folder, name, whole = false) {
  const source = path.join(root, "lib", folder, `${name}.ts`);
  const isApart = (id, importer) => {
    const file = path.resolve(path.dirname(importer), id).replace(/\.js$/, ".ts");
    return file !== source && APART.includes(file);
  };
  return {
    input: { [name]: source },
    platform: "node",
    external: (id, importer) => importer !== undefined && isApart(id, importer),
    transform: { target: "node20" },
    plugins: [licensed],
    output: {
      dir: path.join(root, "dist", folder),
      format: "cjs",
      chunkFileNames: "[name].js",
      codeSplitting: whole ? false : undefined,
      dynamicImportInCjs: false, // imports go on in the order of the calls
    },
  };
}

export default defineConfig([
  program("", "binding"),
  program("", "index"),
  program("", "async"),
  program("keepers", "lazy"),
  program("cli", "main", true),
  program("cli", "wide"),
]);
