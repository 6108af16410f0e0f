/**
 * What the package contains that others wrote: LICENSE-THIRD-PARTY for people, a bill of materials
 * (CycloneDX) for programs.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { root } from "../setup.mjs";
import { bundled } from "./bundled.mjs";

const readJson = (...parts) => JSON.parse(readFileSync(path.join(root, ...parts), "utf8"));

/** Every binary of the package, relative to its root. */
function binaries() {
  const files = readdirSync(path.join(root, "prebuilds"), { recursive: true, encoding: "utf8" });
  return files
    .filter((it) => it.endsWith(".node"))
    .map((it) => path.posix.join("prebuilds", it.replaceAll("\\", "/")))
    .sort();
}

const RUNTIMES = [
  {
    by: /GCC: \(.*?\) (\S+)/,
    name: "libstdc++ and libgcc",
    licence: "GPL-3.0-or-later WITH GCC-exception-3.1",
  },
  {
    by: /clang version (\S+)/,
    name: "libc++ and compiler-rt",
    licence: "Apache-2.0 WITH LLVM-exception",
  },
];

/** The compilers' own libraries, of which a binary for Linux has a part; it names its compiler. */
function runtimes() {
  const found = new Map();
  for (const file of binaries().filter((it) => it.startsWith("prebuilds/linux-"))) {
    const { stdout } = spawnSync("readelf", ["-p", ".comment", path.join(root, file)], {
      encoding: "utf8",
    });
    for (const { by, name, licence } of RUNTIMES) {
      const version = by.exec(stdout ?? "")?.[1];
      if (version) found.set(`${name} ${version}`, { name, version, licence });
    }
  }
  return [...found.values()];
}

/** A package of npm that is compiled or bundled into ours, with the text of its licence. */
function included(name, licence) {
  const { version, license } = readJson("node_modules", name, "package.json");
  const text = readFileSync(path.join(root, "node_modules", name, licence), "utf8");
  return { name, version, licence: license, purl: `pkg:npm/${name}@${version}`, text };
}

/** `sources`: what scripts/sources.mjs has fetched. */
function contained(sources) {
  return [
    ...JSON.parse(readFileSync(path.join(sources, "third-party.json"), "utf8")),
    included("node-addon-api", "LICENSE.md"),
    ...Object.entries(bundled).map(([name, licence]) => included(name, licence)),
    ...runtimes(),
  ];
}

/** The text of LICENSE-THIRD-PARTY. */
export function licences(sources) {
  const parts = contained(sources).map(({ name, version, licence, text }) =>
    [`${name} ${version}`, `Licence: ${licence}`, ...(text ? ["", text.trim()] : [])].join("\n"),
  );
  const head =
    `This package contains the following: ${Object.keys(bundled).join(", ")}\n` +
    "in dist/, the others in the binaries in prebuilds/, cJSON and uthash also as sources in\n" +
    "native/vendor/. The binary for Windows contains parts of its compiler's run-time libraries as\n" +
    "well.";
  return `${[head, ...parts].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

function component({ name, version, licence, purl }) {
  const reference =
    purl ?? `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  const licences = licence.includes(" ") ? { expression: licence } : { license: { id: licence } };
  return {
    type: "library",
    "bom-ref": reference,
    name,
    version,
    licenses: [licences],
    purl: reference,
  };
}

function hashed(file) {
  const content = createHash("sha256")
    .update(readFileSync(path.join(root, file)))
    .digest("hex");
  return { type: "file", "bom-ref": file, name: file, hashes: [{ alg: "SHA-256", content }] };
}

/** The bill of materials: the same for the same package, whenever it is made. */
export function billOfMaterials(sources) {
  const { name, version, license: licence } = readJson("package.json");
  const self = component({ name, version, licence, purl: `pkg:npm/${name}@${version}` });
  const components = contained(sources).map(component);
  const refs = components.map((it) => it["bom-ref"]);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: self },
    components: [...components, ...binaries().map(hashed)],
    dependencies: [{ ref: self["bom-ref"], dependsOn: refs }, ...refs.map((ref) => ({ ref }))],
  };
}
