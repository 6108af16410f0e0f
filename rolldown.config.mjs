/**
 * What is in dist/: all that a server's start loads in one file beside the binary's loader, because
 * each file that Node looks for, reads and compiles costs it 0.2 ms. What looks at keepers and the
 * command line stand apart, and are loaded when they are needed. The command line is one file with
 * its libraries; of them string-width is apart, because to parse its patterns alone takes 9 ms.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";

const root = path.dirname(fileURLToPath(import.meta.url));
const APART = ["lib/binding.ts", "lib/keepers/lazy.ts", "lib/cli/wide.ts"].map((it) =>
  path.join(root, it),
);

/** The folder of the package that a module is of; undefined: it is our own. */
const packageOf = (id) => /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0];

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((it) => /^licen[cs]e/i.test(it));
  return `${name} ${version}\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
}

/** Puts the licences of the packages that are in a file beside it, as they ask for. */
const licences = {
  name: "licences",
  generateBundle(_, output) {
    for (const { name, modules } of Object.values(output)) {
      const folders = new Set(
        Object.keys(modules ?? {})
          .map(packageOf)
          .filter(Boolean),
      );
      if (folders.size === 0) continue;
      const source = [...folders].sort().map(licenceOf).join("\n\n");
      this.emitFile({ type: "asset", fileName: `${name}.licences.txt`, source });
    }
  },
};

/** lib/FOLDER/NAME.ts and what it needs. `whole`: in one file, whenever it is needed. */
function program(folder, name, whole = false) {
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
    plugins: [licences],
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
