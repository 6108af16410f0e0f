/** What is in the tarball, and nothing else. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { run } from "../setup.mjs";
import { bundled } from "./bundled.mjs";
import { fail, fetch, home, pass } from "./workspace.mjs";

const PACKED_MAX_KIB = 1850; // zig adds its own C++ library to each binary; those of a release are a quarter smaller
const UNPACKED_MAX_KIB = 5100;
const CONTENTS = [
  /^package\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE(-THIRD-PARTY)?$/,
  /^sbom\.cdx\.json$/,
  /^(index|async)\.d\.ts$/,
  /^dist\/[\w/-]+\.(js|d\.ts|json|1)$/,
  /^dist\/cli\/(schema\.json|headless-pids\.1)$/,
  /^native\/(binding\.gyp|package\.json)$/,
  /^native\/(src|vendor)\/[\w/-]+\.(c|cc|h|map)$/,
  /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/headless-pid-registry(\.glibc|\.musl)?\.node$/,
];
const VALIDATOR = [
  "@cyclonedx/cyclonedx-library@10",
  "ajv@8",
  "ajv-formats@3",
  "ajv-formats-draft2019@1",
];

const kib = (bytes) => Math.ceil(bytes / 1024);

function checkFiles(folder, packed) {
  const { stdout } = spawnSync("find", [".", "-type", "f", "-printf", "%s %P\n"], {
    cwd: folder,
    encoding: "utf8",
  });
  const files = stdout
    .trim()
    .split("\n")
    .map((line) => /^(\d+) (.+)$/.exec(line)?.slice(1) ?? []);
  for (const [, name] of files)
    if (!CONTENTS.some((it) => it.test(name))) fail(`${name} does not belong into the package`);
  const unpacked = files.reduce((sum, [size]) => sum + Number(size), 0);
  if (packed > PACKED_MAX_KIB * 1024 || unpacked > UNPACKED_MAX_KIB * 1024)
    fail(`${packed} bytes packed, ${unpacked} unpacked`);
  pass(`${files.length} files, ${kib(packed)} KiB packed, ${kib(unpacked)} KiB unpacked`);
  for (const [size, name] of files.filter(([, it]) => it.startsWith("prebuilds/")))
    console.log(`      ${name}: ${kib(size)} KiB`);
}

/** A stranger's computer runs nothing at install, and the release has told where the package lives. */
function checkManifest(manifest) {
  for (const name of ["preinstall", "install", "postinstall"])
    if (manifest.scripts?.[name]) fail(`package.json has a script ${name}`);
  if (process.env.GITHUB_REF_TYPE === "tag") {
    for (const name of ["repository", "homepage", "bugs"])
      if (!manifest[name]) fail(`package.json has no ${name}`);
    if (process.env.GITHUB_REF_NAME !== `v${manifest.version}`)
      fail(`the tag is ${process.env.GITHUB_REF_NAME}, the version ${manifest.version}`);
  }
  pass(`version ${manifest.version}, which runs nothing at install`);
}

async function checkMaterials(folder) {
  const text = readFileSync(path.join(folder, "sbom.cdx.json"), "utf8");
  const licences = readFileSync(path.join(folder, "LICENSE-THIRD-PARTY"), "utf8");
  const { components } = JSON.parse(text);
  for (const name of ["cJSON", "uthash", "node-addon-api", ...Object.keys(bundled)]) {
    const { version } = components.find((it) => it.name === name) ?? fail(`no ${name} in the SBOM`);
    if (!licences.includes(`${name} ${version}`)) fail(`no licence of ${name} ${version}`);
  }
  /** Installed by this check alone. @type {any} */
  const library = createRequire(path.join(fetch("sbom", ...VALIDATOR), "_"))(
    "@cyclonedx/cyclonedx-library",
  );
  const { Spec, Validation } = library;
  const wrong = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  if (wrong) fail(`sbom.cdx.json: ${JSON.stringify(wrong)}`);
  pass(`a bill of ${components.length} materials, and their licences`);
}

export async function checkContents(tarball) {
  const unpacked = path.join(home, "unpacked");
  mkdirSync(unpacked);
  run("tar", ["-xzf", tarball, "-C", unpacked]);
  const folder = path.join(unpacked, "package");
  checkFiles(folder, statSync(tarball).size);
  checkManifest(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")));
  await checkMaterials(folder);
}
