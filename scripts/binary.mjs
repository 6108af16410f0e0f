/** What a binary of ours may show and need; each system's own tool tells what it does. */
import { spawnSync } from "node:child_process";
import { installSystemPackages, runs } from "./setup.mjs";

export const GLIBC_MAX = 28; // of 2.28: RHEL 8, Debian 10
const EXPORTS = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];

/** Those that every supported system has. */
const LIBRARIES = {
  linux: /^(libc|libm|libdl|libpthread|librt|ld-linux-x86-64|ld-linux-aarch64|ld-musl-\w+)\.so/,
  darwin: /^\/usr\/lib\/(libSystem\.B|libc\+\+\.1)\.dylib$/,
  win32:
    /^(node\.exe|kernel32\.dll|advapi32\.dll|ntdll\.dll|msvcrt\.dll|api-ms-win-crt-[\w-]+\.dll)$/i,
};

function ask(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
  return stdout;
}

/** macOS: the linker's own, and operator new and delete, which C++ lets a program replace. */
const RUNTIME = /^(_mh_\w+_header|__dso_handle|_Z(nw|na|dl|da)\w+)$/;

/** The first group of every match. */
const each = (text, pattern) => [...text.matchAll(pattern)].map(([, it]) => it);

function lookAtElf(file) {
  const symbols = ask("readelf", "-W", "--dyn-syms", file)
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const shown = symbols.filter(
    (it) => /^\d+:$/.test(it[0]) && it[6] !== "UND" && it[4] !== "LOCAL",
  );
  return {
    shown: shown.map((it) => it[7].split("@")[0]),
    needed: each(ask("readelf", "-W", "-d", file), /\(NEEDED\).*\[(.+)\]/g),
    tooNew: each(ask("readelf", "-W", "-V", file), /GLIBC_2\.(\d+)/g).filter(
      (it) => it > GLIBC_MAX,
    ),
  };
}

function lookAtMachO(file) {
  const here = process.platform === "darwin";
  if (!here)
    installSystemPackages([{ has: () => runs("llvm-nm", "--version"), apt: "llvm", brew: "" }]);
  const symbols = here ? ask("nm", "-gU", file) : ask("llvm-nm", "-gU", file);
  const libraries = here
    ? ask("otool", "-L", file)
    : ask("llvm-objdump", "--macho", "--dylibs-used", file);
  const needed = each(libraries, /^\t(\S+) \(compatibility/gm);
  return {
    shown: each(symbols, /^\w+ \w _(\S+)$/gm).filter((it) => !RUNTIME.test(it)),
    needed: needed.filter((it) => !it.endsWith(".node")), // its own name comes first
    tooNew: [],
  };
}

function lookAtPe(file) {
  const listing = ask("objdump", "-p", file);
  const [table] = (listing.split("[Ordinal/Name Pointer] Table")[1] ?? "").split("\n\n");
  return {
    shown: each(table, /\[ *\d+\].*?(\w+)\s*$/gm),
    needed: each(listing, /DLL Name: (\S+)/g),
    tooNew: [],
  };
}

const looks = { linux: lookAtElf, darwin: lookAtMachO, win32: lookAtPe };

function refuse(file, what, names) {
  if (names.length > 0) throw new Error(`${file}: ${what}: ${names.join(", ")}`);
}

/** Throws if a binary shows more or less than Node asks for, or needs what not every system has. */
export function checkBinary(file, platform) {
  const { shown, needed, tooNew } = looks[platform](file);
  refuse(
    file,
    "shown",
    shown.filter((it) => !EXPORTS.includes(it)),
  );
  refuse(
    file,
    "not shown",
    EXPORTS.filter((it) => !shown.includes(it)),
  );
  refuse(
    file,
    "needed",
    needed.filter((it) => !LIBRARIES[platform].test(it)),
  );
  if (needed.length === 0) throw new Error(`${file}: no library is needed, which cannot be`);
  refuse(file, `of glibc newer than 2.${GLIBC_MAX}`, tooNew);
}
