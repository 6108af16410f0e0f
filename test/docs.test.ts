import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import * as api from "../dist/index.js";
import { PROGRAM } from "./fixtures/cli.js";
import {
  anchorsOf,
  coded,
  DOCUMENTS,
  linksOf,
  prose,
  read,
  section,
  type Snippet,
  snippetsOf,
  tabled,
} from "./fixtures/docs.js";
import { isAlive, ROOT } from "./fixtures/processes.js";
import { pids, temporaryFolder } from "./fixtures/registry.js";

const BOUND_MS = 60_000;
const README = "README.md";
const API = "docs/api.md";
const DECLARATIONS = ["types", "keeper-types", "report-types"]
  .map((name) => readFileSync(join(ROOT, "dist", `${name}.d.ts`), "utf8"))
  .join("\n");
const { scripts } = JSON.parse(read("package.json"));
const snippets = DOCUMENTS.flatMap(snippetsOf);

/* --- a user's project ----------------------------------------------------------------------- */

/** A folder in which the package is installed, and in whose PATH `pi` is the demo's agent. */
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

/* --- snippets ------------------------------------------------------------------------------- */

/** What snippets take for granted, and what they use of packages that are not ours. */
const CONTEXT = `
declare const registry: import("headless-pid-registry").HeadlessPidRegistry;
declare const keeper: import("node:child_process").ChildProcess & { pid: number };
declare const agentPid: number;
declare const spawn: typeof import("node:child_process").spawn;
declare module "prom-client" {
  interface Settings { name: string; help: string; labelNames?: string[]; collect?: () => void }
  class Counter { constructor(settings: Settings); inc(labels: Record<string, string>): void }
  class Gauge { constructor(settings: Settings); set(labels: Record<string, string>, value: number): void }
}
declare module "@opentelemetry/api" {
  interface Counter { add(value: number, attributes: Record<string, string | boolean>): void }
  interface Result { observe(value: number, attributes: Record<string, string>): void }
  interface Gauge { addCallback(callback: (result: Result) => void): void }
  interface Meter { createCounter(name: string): Counter; createObservableGauge(name: string): Gauge }
  const metrics: { getMeter(name: string): Meter };
}
`;

const isProgram = ({ language, code }: Snippet): boolean =>
  language === "js" && /^import/m.test(code) && code.includes("createHeadlessPidRegistry(");

function fileOf({ language, code, place }: Snippet): { name: string; text: string } {
  const isCommonJs = /^module\.exports/m.test(code);
  const ending = language === "ts" ? "mts" : isCommonJs ? "cjs" : "mjs";
  const text = isCommonJs || /^(import|export) /m.test(code) ? code : `${code}export {};\n`;
  return { name: `${place.replace(/[/:]/g, "-")}.${ending}`, text };
}

describe("the snippets", () => {
  it("fit the types, as strictly as there is", () => {
    const folder = project();
    const files = snippets.filter(({ language }) => /^[jt]s$/.test(language)).map(fileOf);
    expect(files.length).toBeGreaterThan(5);
    for (const { name, text } of files) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, "context.d.ts"), CONTEXT);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      allowJs: true,
      checkJs: true,
      module: "nodenext",
      target: "es2022",
      lib: ["es2022", "esnext.disposable"],
      types: ["node"],
      typeRoots: [join(ROOT, "node_modules", "@types")],
    };
    const include = ["context.d.ts", "*.mts", "*.mjs", "*.cjs"];
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include }));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  it.each(snippets.filter(isProgram).map((it) => [it.place, it.code]))(
    "run to their end: %s",
    (_, code) => {
      const folder = project();
      const left = "process.once('beforeExit', () => console.log('that was all'));\n";
      expect(runIn(folder, "program.mjs", `${left}${code}`)).toMatch(/that was all\n$/);
    },
  );
});

describe("the quick start", () => {
  const [{ code }] = snippetsOf(README).filter(isProgram);

  it("does what its comments say", () => {
    const folder = project();
    const outcomes = /const \{ outcome \}.*\/\/ (.*)$/m.exec(code)?.[1] ?? "";
    const claimed = code.replace(/^(\S+); \/\/ (agent\.pid)$/m, "const claim = [$1, $2];");
    const told = "console.log(JSON.stringify({ claim, outcome }));";
    const lines = runIn(folder, "quickstart.mjs", `${claimed}\n${told}\n`).trim().split("\n");
    const { claim, outcome } = JSON.parse(lines.pop() as string);
    expect(claim[0]).toBe(claim[1]);
    expect(outcomes).toContain(`"${outcome}"`);
    expect(lines).toEqual(["session-1 is gone"]);
    expect(isAlive(claim[0])).toBe(false);
    expect(pids(join(folder, "agents.json"))).toEqual([]);
  });
});

describe("the ways of loading", () => {
  it("differ from the original in nothing but the path", () => {
    const [{ code }] = snippetsOf(README).filter(({ language }) => language === "diff");
    const [before, after] = code.trim().split("\n");
    const path = ["./headless-pid-registry.js", "headless-pid-registry"] as const;
    expect(after.slice(1)).toBe(before.slice(1).replace(...path));
    const run = `${after.slice(1)}\nconsole.log(typeof createHeadlessPidRegistry);\n`;
    expect(runIn(project(), "imported.mjs", run)).toBe("function\n");
  });

  it("give the same with require", () => {
    const call = coded(read(README)).find((it) => it.startsWith("require("));
    const code = `console.log(typeof ${call}.createHeadlessPidRegistry);\n`;
    expect(runIn(project(), "required.cjs", code)).toBe("function\n");
  });
});

/* --- what documents point at ---------------------------------------------------------------- */

describe("the links", () => {
  it.each(DOCUMENTS.map((it) => [it]))("of %s lead somewhere", (document) => {
    const lost = linksOf(document).filter((target) => {
      const [path, anchor] = target.split("#");
      const file = path ? join(dirname(document), path) : document;
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    expect(lost).toEqual([]);
  });
});

describe("the paths", () => {
  it.each(DOCUMENTS.map((it) => [it]))("that %s names are there", (document) => {
    const paths = coded(prose(document)).filter((it) =>
      /^(src|lib|test|scripts|examples|bench|docs)\/[\w./-]+$/.test(it),
    );
    expect(paths.filter((it) => !existsSync(join(ROOT, it)))).toEqual([]);
  });
});

describe("the commands", () => {
  const all = DOCUMENTS.map(read).join("\n");

  it("are scripts of the package", () => {
    const commands = Array.from(all.matchAll(/\bnpm run ([\w:]+)/g), ([, name]) => name);
    expect(missing(Object.keys(scripts), commands)).toEqual([]);
    expect(commands).toContain("demo");
    expect(read(README)).toContain("`npm test`");
  });

  it("of the program are those that it has", () => {
    const { stdout } = spawnSync(process.execPath, [PROGRAM, "--help"], { encoding: "utf8" });
    const known = Array.from(stdout.matchAll(/^ {2}([a-z]+) /gm), ([, name]) => name);
    const named = Array.from(
      all.matchAll(/\b(?:npx headless-pid-registry|headless-pids) ([a-z]+)/g),
      ([, name]) => name,
    );
    expect(missing(known, ["list", "doctor"])).toEqual([]);
    expect(missing(known, named)).toEqual([]);
    const described = tabled("docs/operations.md", "Command line").map((it) => it.split(" ")[0]);
    expect(missing(described, known)).toEqual([]);
  });

  it("end with the codes that --help tells", () => {
    const { stdout } = spawnSync(process.execPath, [PROGRAM, "--help"], { encoding: "utf8" });
    const codes = Array.from(stdout.matchAll(/^ {2}(\d) {2}\S/gm), ([, code]) => code);
    expect(codes).toEqual(["0", "1", "2", "3", "4"]);
    const rows = section("docs/operations.md", "Command line");
    for (const code of codes) expect(rows).toMatch(new RegExp(`^\\| ${code} \\| `, "m"));
  });
});

/* --- the API -------------------------------------------------------------------------------- */

/** The names of an interface's members, inherited ones too, as the compiler emitted them. */
function members(name: string): string[] {
  const pattern = new RegExp(`^export interface ${name}(?: extends (\\w+))? \\{\\n(.*?)^\\}`, "ms");
  const [, base, body] = pattern.exec(DECLARATIONS) ?? [];
  if (body === undefined) throw new Error(`no interface ${name}`);
  const own = Array.from(body.matchAll(/^ {4}\[?([\w.]+)\]?\??[(<:]/gm), ([, it]) => it);
  return [...new Set([...(base ? members(base) : []), ...own])];
}

const exported = (kind: string): string[] =>
  Array.from(DECLARATIONS.matchAll(new RegExp(`^export ${kind} (\\w+)`, "gm")), ([, it]) => it);

/** The values of a type that is a union of texts. */
function choices(type: string): string[] {
  const union = new RegExp(`^export type ${type} = ([^;]*);$`, "m").exec(DECLARATIONS)?.[1] ?? "";
  return Array.from(union.matchAll(/"([^"]+)"/g), ([, it]) => it);
}

/** `register(pid, …)` names register. */
const named = (cells: string[]): string[] => cells.map((cell) => cell.replace(/[(<"].*/, ""));

/** Those that a document should name, and does not. */
const missing = (names: string[], wanted: string[]): string[] =>
  wanted.filter((it) => !names.includes(it));

/** Every word that is set as code. */
const words = (text: string): string[] => coded(text).flatMap((it) => it.match(/[\w.]+/g) ?? []);

describe("docs/api.md", () => {
  const text = prose(API);

  it("has a row for every method and function", () => {
    const functions = Object.entries(api).flatMap(([name, it]) =>
      typeof it === "function" ? [name] : [],
    );
    const expected = [...members("HeadlessPidRegistry"), ...functions];
    expect(missing(named(tabled(API, "API")), expected)).toEqual([]);
  });

  it("has a row for every option and no other", () => {
    expect(tabled(API, "Options").sort()).toEqual(members("HeadlessPidRegistryOptions").sort());
  });

  it("has a row for every event", () => {
    expect(
      missing(
        tabled(API, "Events and warnings"),
        members("HeadlessEvents").map((it) => `"${it}"`),
      ),
    ).toEqual([]);
  });

  it("has a row for every option and outcome of terminate", () => {
    const rows = tabled(API, "Ending processes");
    expect(missing(rows, members("TerminateOptions"))).toEqual([]);
    expect(choices("TerminateOutcome")).not.toEqual([]);
    expect(missing(rows, choices("TerminateOutcome"))).toEqual([]);
  });

  it("has a row for every channel", () => {
    const channels = Array.from(DECLARATIONS.matchAll(/^ {4}"([\w:-]+)":/gm), ([, it]) => it);
    expect(tabled(API, "Tracing")).toEqual(channels);
  });

  it("has a row for every counter, and for every field and reason of the audit file", () => {
    expect(missing(tabled(API, "Counters"), members("HeadlessStats"))).toEqual([]);
    const audit = section("docs/operations.md", "The audit file");
    const [{ code }] = snippetsOf("docs/operations.md").filter((it) => it.language === "json");
    expect(missing(Object.keys(JSON.parse(code)), members("HeadlessAuditLine"))).toEqual([
      "goalId",
    ]);
    expect(missing(coded(audit), choices("HeadlessEndReason"))).toEqual([]);
  });

  it("names every type", () => {
    const types = [...exported("interface"), ...exported("type")];
    expect(types.length).toBeGreaterThan(20);
    expect(missing(words(section(API, "Types")), types)).toEqual([]);
  });

  it.each([
    ["HeadlessSnapshot"],
    ["HeadlessExit"],
    ["TerminateResult"],
    ["PidFileContents"],
    ["RegisterOptions"],
  ])("names every field of %s", (type) => expect(missing(words(text), members(type))).toEqual([]));

  it("names every field of an entry of the file", () =>
    expect(missing(words(section(API, "The pid file")), members("PidFileEntry"))).toEqual([]));
});

describe("docs/keepers.md", () => {
  it("names every option and all that is found", () => {
    expect(tabled("docs/keepers.md", "Using keepers").sort()).toEqual(
      members("KeeperWriterOptions").sort(),
    );
    const found = words(section("docs/keepers.md", "Finding keepers again"));
    expect(missing(found, members("DiscoveredKeeper"))).toEqual([]);
  });
});

/* --- the codes ------------------------------------------------------------------------------ */

describe("docs/troubleshooting.md", () => {
  it("has a row for every warning code and no other", () => {
    const codes = tabled("docs/troubleshooting.md", "Warnings");
    expect(codes.sort()).toEqual(choices("HeadlessWarningCode").sort());
  });

  it("and all other documents name no code that the package does not know", () => {
    const sources = readdirSync(join(ROOT, "lib"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => read(join("lib", name)));
    const codesIn = (text: string): string[] => text.match(/\bHPR_E[A-Z]+\b/g) ?? [];
    const known = codesIn([read("src/base/error.h"), ...sources].join());
    expect(missing(known, DOCUMENTS.map(read).flatMap(codesIn))).toEqual([]);
  });
});

/* --- form ----------------------------------------------------------------------------------- */

describe("the README", () => {
  it("can be read in five minutes", () => {
    expect(read(README).split("\n").length).toBeLessThanOrEqual(150);
  });
});

describe("the lines on speed", () => {
  it("say the same in the README and in docs/performance.md", () => {
    const listed = (text: string): string[] => text.match(/^- .*\n( {2}.*\n)*/gm) ?? [];
    const lines = listed(section(README, "Speed"));
    expect(lines).toHaveLength(3);
    expect(listed(read("docs/performance.md")).slice(0, 3)).toEqual(lines);
  });
});

describe("the changelog", () => {
  it("has a version and a date first, and only the usual headings", () => {
    const usual = ["Breaking", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    const text = read("CHANGELOG.md");
    const [first] = text.match(/^## .*$/m) ?? [];
    expect(first).toMatch(/^## \[\d+\.\d+\.\d+\] - (unreleased|\d{4}-\d\d-\d\d)$/);
    const headings = Array.from(text.matchAll(/^### (.*)$/gm), ([, it]) => it);
    expect(missing(usual, headings)).toEqual([]);
  });
});
