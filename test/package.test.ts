import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "./fixtures/processes.js";

const NAMES = ["createHeadlessPidRegistry", "keeperOptsFromSpawnResult", "readPidFile"];

/** Self-reference by name goes through the package's exports, as an installed package does. */
const node = (...argv: string[]): string =>
  execFileSync(process.execPath, argv, { cwd: ROOT, encoding: "utf8" });

describe("the package under its own name", () => {
  it("can be required", () => {
    const script = `console.log(JSON.stringify(Object.keys(require("headless-pid-registry"))))`;
    expect(JSON.parse(node("-e", script))).toEqual(expect.arrayContaining(NAMES));
  });

  it("can be imported, with named exports", () => {
    const script = `
      import { createHeadlessPidRegistry, keeperOptsFromSpawnResult } from "headless-pid-registry";
      console.log(typeof createHeadlessPidRegistry, typeof keeperOptsFromSpawnResult);`;
    expect(node("--input-type=module", "-e", script)).toBe("function function\n");
  });

  it("has a second factory, whose kills are promises", () => {
    const script = `
      import { createHeadlessPidRegistry } from "headless-pid-registry/async";
      const registry = createHeadlessPidRegistry({ pidFilePath: "/nonexistent/p.json" });
      console.log(await registry.killBySessionId("nobody"));`;
    expect(node("--input-type=module", "-e", script)).toBe("false\n");
  });

  it("can be imported later on", () => {
    const script = `
      import("headless-pid-registry").then(({ createHeadlessPidRegistry }) => {
        const registry = createHeadlessPidRegistry({ pidFilePath: "/nonexistent/p.json" });
        console.log(registry.size());
        registry.close();
      });`;
    expect(node("-e", script)).toBe("0\n");
  });

  it("loads one file beside the binary's loader at a server's start", () => {
    const script = `
      require("headless-pid-registry");
      const dist = require("node:path").join(process.cwd(), "dist/");
      const loaded = Object.keys(require.cache).filter((file) => file.startsWith(dist));
      console.log(loaded.map((file) => file.slice(dist.length)).sort().join());`;
    expect(node("-e", script)).toBe("binding.js,index.js\n");
  });

  it("is one registry kind, however it is loaded", () => {
    const script = `
      import { createRequire } from "node:module";
      import { createHeadlessPidRegistry as imported } from "headless-pid-registry";
      const required = createRequire(process.cwd() + "/")("headless-pid-registry");
      console.log(imported === required.createHeadlessPidRegistry);`;
    expect(node("--input-type=module", "-e", script)).toBe("true\n");
  });
});

describe("a package without its binary", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hpr-package-"));
    for (const part of ["dist", "package.json"])
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (): string =>
    spawnSync(process.execPath, ["-e", "require(process.argv[1])", folder], { encoding: "utf8" })
      .stderr;

  it("names the places where it looked, and what to do", () => {
    const said = load();
    expect(said).toContain("code: 'HPR_ENOBINARY'");
    expect(said).toContain(join(folder, "prebuilds", `${process.platform}-${process.arch}`));
    expect(said).toContain(`npm install --prefix ${JSON.stringify(join(folder, "native"))}`);
  });

  it("passes on what the loader says of a binary that does not load", () => {
    const built = join(folder, "native", "build", "Release");
    mkdirSync(built, { recursive: true });
    writeFileSync(join(built, "headless_pid_registry.node"), "no binary");
    expect(load()).toContain("ERR_DLOPEN_FAILED");
  });
});

describe("the types", () => {
  it.each([
    ["the original", "consumer.ts"],
    ["its newest version", "consumer-async.ts"],
  ])("fit a server that was written against %s", (_, file) => {
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const options =
      "--ignoreConfig --noEmit --strict --module nodenext --target es2022 --types node".split(" ");
    const compile = () => node(tsc, ...options, `test/fixtures/${file}`);
    expect(compile).not.toThrow();
  });
});
