import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as api from "../dist/index.js";
import { isAlive, ROOT } from "./fixtures/processes.js";
import { coded, examples, README, section, tabled } from "./fixtures/readme.js";
import { pids, temporaryFolder } from "./fixtures/registry.js";

const BOUND_MS = 20_000;
const DECLARATIONS = readFileSync(join(ROOT, "dist", "types.d.ts"), "utf8");

/* --- a user's project ----------------------------------------------------------------------- */

/** A folder in which the package is installed, and in whose PATH `pi` is our example agent. */
function project(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "headless-pid-registry"));
  mkdirSync(join(folder, "bin"));
  const agent = join(ROOT, "examples", "demo", "agent.mjs");
  const script = `#!/bin/sh\nexec "${process.execPath}" "${agent}" "$@"\n`;
  writeFileSync(join(folder, "bin", "pi"), script, { mode: 0o755 });
  return folder;
}

/** Runs a program in the project, which is its home as well; what it printed. */
function runIn(folder: string, name: string, code: string): string {
  writeFileSync(join(folder, name), code);
  const env = { ...process.env, HOME: folder, PATH: `${folder}/bin:${process.env.PATH}` };
  const options = { cwd: folder, env, encoding: "utf8", timeout: BOUND_MS } as const;
  return execFileSync(process.execPath, [name], options);
}

/** In an example a line `call; // value` claims what the call returns. */
const withClaims = (code: string): string =>
  `const claims = [];\n${code.replace(/^(\S+); \/\/ (agent\.pid)$/gm, "claims.push([$1, $2]);")}`;

describe("the example of a server", () => {
  const [server] = examples("Use it in a server", "js");

  it("does what its comments say", () => {
    const folder = project();
    const outcomes = /const \{ outcome \}.*\/\/ (.*)$/m.exec(server)?.[1] ?? "";
    const told = "console.log(JSON.stringify({ claims, outcome, pid: agent.pid }));";
    const lines = runIn(folder, "server.mjs", `${withClaims(server)}\n${told}\n`)
      .trim()
      .split("\n");
    const { claims, outcome, pid } = JSON.parse(lines.pop() as string);
    expect(claims).toEqual([[pid, pid]]);
    expect(outcomes).toContain(`"${outcome}"`);
    expect(lines).toEqual(["session-1 is gone"]);
    expect(isAlive(pid)).toBe(false);
    expect(pids(join(folder, ".pi", "dashboard", "headless-pids.json"))).toEqual([]);
  });

  it("fits the types", () => {
    const folder = project();
    writeFileSync(join(folder, "server.mjs"), server);
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const flags = "--ignoreConfig --noEmit --allowJs --checkJs --strict false --module nodenext";
    const types = [
      "--target",
      "es2022",
      "--types",
      "node",
      "--typeRoots",
      `${ROOT}node_modules/@types`,
    ];
    const argv = [tsc, ...flags.split(" "), ...types, "server.mjs"];
    expect(() => execFileSync(process.execPath, argv, { cwd: folder })).not.toThrow();
  });
});

describe("the ways of loading", () => {
  const [before, after] = examples("Use it in a server", "ts");

  it("differ from the original in nothing but the path", () => {
    expect(after).toBe(before.replace("./headless-pid-registry.js", "headless-pid-registry"));
  });

  it("give a function with import", () => {
    const code = `${after}\nconsole.log(typeof createHeadlessPidRegistry);\n`;
    expect(runIn(project(), "imported.mjs", code)).toBe("function\n");
  });

  it("give the same with require", () => {
    const call = coded(section("Use it in a server")).find((code) => code.startsWith("require("));
    const code = `console.log(typeof ${call}.createHeadlessPidRegistry);\n`;
    expect(runIn(project(), "required.cjs", code)).toBe("function\n");
  });
});

/* --- the tables ----------------------------------------------------------------------------- */

/** The names of an interface's members, as the compiler emitted them. */
function members(name: string): string[] {
  const body = new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, "ms").exec(
    DECLARATIONS,
  )?.[1];
  const names = Array.from((body ?? "").matchAll(/^ {4}\[?([\w.]+)\]?\??[(<:]/gm), ([, it]) => it);
  if (names.length === 0) throw new Error(`no interface ${name}`);
  return [...new Set(names)];
}

/** The values of a type that is a union of texts. */
function choices(type: string): string[] {
  const union = new RegExp(`^export type ${type} = ([^;]*);$`, "m").exec(DECLARATIONS)?.[1] ?? "";
  return Array.from(union.matchAll(/"([^"]+)"/g), ([, it]) => it);
}

/** `register(pid, …)` names register. */
const named = (cells: string[]): string[] => cells.map((cell) => cell.replace(/[(<"].*/, ""));

describe("the tables", () => {
  it("name every method and no other", () => {
    const methods = tabled("API").filter((cell) => !cell.startsWith('"'));
    const functions = Object.entries(api).flatMap(([name, it]) =>
      typeof it === "function" ? [name] : [],
    );
    const expected = [...members("HeadlessPidRegistry"), ...functions];
    expect(named(methods).sort()).toEqual(expected.sort());
  });

  it("name every event", () => {
    expect(tabled("API")).toEqual(
      expect.arrayContaining(members("HeadlessEvents").map((it) => `"${it}"`)),
    );
  });

  it("name every option and no other", () => {
    expect(tabled("Options").sort()).toEqual(members("HeadlessPidRegistryOptions").sort());
  });

  it("name every option and outcome of terminate", () => {
    const row =
      section("API")
        .split("\n")
        .find((line) => line.startsWith("| `terminate(")) ?? "";
    for (const option of members("TerminateOptions")) expect(row).toContain(option);
    expect(choices("TerminateOutcome")).not.toEqual([]);
    expect(coded(row)).toEqual(expect.arrayContaining(choices("TerminateOutcome")));
  });
});

/* --- the codes ------------------------------------------------------------------------------ */

/** Codes of calls, of answers and of steps inside: none of them is ever a warning. */
const NO_WARNINGS = [
  "HPR_OK",
  "HPR_ESRCH",
  "HPR_ESTRANGER",
  "HPR_EFORBIDDEN",
  "HPR_ECLOSED",
  "HPR_EFORKED",
];

describe("the warning codes", () => {
  const header = readFileSync(join(ROOT, "src", "base", "error.h"), "utf8");
  const codes = Array.from(header.matchAll(/^ {2}(HPR_\w+) = /gm), ([, code]) => code);

  it("are those that the core can give, and no other", () => {
    const warnings = codes.filter((code) => !NO_WARNINGS.includes(code));
    expect(tabled("Warning codes").sort()).toEqual(warnings.sort());
  });

  it("are all codes that the package knows", () => {
    const mentioned = README.match(/\bHPR_[A-Z]+\b/g) ?? [];
    expect(codes).toEqual(expect.arrayContaining(mentioned));
  });
});

describe("the commands", () => {
  it("are scripts of the package", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const commands = Array.from(README.matchAll(/\bnpm run ([\w:]+)/g), ([, name]) => name);
    expect(commands.length).toBeGreaterThan(0);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(commands));
  });
});
