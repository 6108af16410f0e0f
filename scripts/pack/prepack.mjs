/**
 * What `npm pack` does first and takes away afterwards (-- --clean): what the package has and the
 * repository has not. dist/, the binary of this system if there is none yet, the sources in native/
 * with all that they need but compilers, LICENSE-THIRD-PARTY and the bill of materials.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildScripts, installNpmPackages, root, run } from "../setup.mjs";
import { fetchSources } from "../sources.mjs";
import { billOfMaterials, licences } from "./third-party.mjs";

const native = path.join(root, "native");
const made = {
  native,
  licences: path.join(root, "LICENSE-THIRD-PARTY"),
  materials: path.join(root, "sbom.cdx.json"),
};

const readJson = (name) => JSON.parse(readFileSync(path.join(root, name), "utf8"));
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

function clean() {
  for (const it of Object.values(made)) rmSync(it, { recursive: true, force: true });
}

/** A package of its own, so that its needs are nobody's but its builder's: `npm install` builds. */
function layOutNative(sources) {
  const { version, license, devDependencies } = readJson("package.json");
  const vendor = path.join(native, "vendor");
  mkdirSync(vendor, { recursive: true });
  cpSync(path.join(root, "src"), path.join(native, "src"), { recursive: true });
  for (const name of ["cjson", "uthash.h", "utlist.h"])
    cpSync(path.join(sources, name), path.join(vendor, name), { recursive: true });
  const gyp = readJson("binding.gyp");
  gyp.variables = { "hpr_sources%": "vendor" };
  writeJson(path.join(native, "binding.gyp"), gyp);
  writeJson(path.join(native, "package.json"), {
    name: "headless-pid-registry-native",
    version,
    description: "Builds the binary of headless-pid-registry",
    license,
    private: true,
    scripts: { install: "node-gyp rebuild" },
    dependencies: {
      "node-addon-api": devDependencies["node-addon-api"],
      "node-gyp": devDependencies["node-gyp"],
    },
  });
}

clean();
if (!process.argv.includes("--clean")) {
  installNpmPackages();
  if (!process.env.HPR_READY) buildScripts();
  if (!existsSync(path.join(root, "prebuilds")))
    run(process.execPath, [path.join(root, "scripts", "prebuild.mjs")]);
  const sources = fetchSources();
  layOutNative(sources);
  writeFileSync(made.licences, licences(sources));
  writeJson(made.materials, billOfMaterials(sources));
}
