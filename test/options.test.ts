import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createHeadlessPidRegistry } from "../dist/index.js";
import { bare, deadPid, ROOT, sleeper } from "./fixtures/processes.js";
import { codes, newPidFile, open } from "./fixtures/registry.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

const run = promisify(execFile);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an option that does not exist", () => {
  it("is told to whoever listens after the registry was opened", async () => {
    const opened = open({ pidfile: "/p.json" } as Any);
    expect(codes(opened)).toEqual([]);
    await turn();
    expect(opened.warnings).toMatchObject([
      { code: "HPR_EOPTION", message: expect.stringContaining('"pidfile"') },
    ]);
  });

  it.each<[string, (registry: Any) => unknown]>([
    ["register", (registry) => registry.register(sleeper(), { cwd: "/a", token: "t" })],
    ["terminate", (registry) => registry.terminate("s", { grace: 1 })],
    ["shutdown", (registry) => registry.shutdown({ grace: 1 })],
  ])("is told for %s too, which does its work", async (_, call) => {
    const opened = open();
    await call(opened.registry);
    await turn();
    expect(codes(opened)).toEqual(["HPR_EOPTION"]);
  });

  it.each([{}, null, undefined])("is not told of %j", async (options) => {
    const opened = open({ ...options, keeperManager: null, tree: undefined });
    await opened.registry.terminate("s", options as Any);
    await turn();
    expect(codes(opened)).toEqual([]);
  });
});

describe("options", () => {
  it.each([5, "/p.json", true, [], Symbol("options"), () => ({})])(
    "that are no object (%s) throw a TypeError with Node's code",
    async (options) => {
      const refused = expect.objectContaining({
        name: "TypeError",
        code: "ERR_INVALID_ARG_TYPE",
        message: expect.stringContaining("options"),
      });
      expect(() => createHeadlessPidRegistry(options as Any)).toThrow(refused);
      const { registry } = open();
      expect(() => registry.register(sleeper(), options as Any)).toThrow(refused);
      await expect(registry.terminate("s", options as Any)).rejects.toThrow(refused);
      await expect(registry.shutdown(options as Any)).rejects.toThrow(refused);
    },
  );

  const INVALID: [string, unknown, string][] = [
    ["pidFilePath", 5, "ERR_INVALID_ARG_TYPE"],
    ["pidFilePath", "", "ERR_INVALID_ARG_TYPE"],
    ["keeperManager", 5, "ERR_INVALID_ARG_TYPE"],
    ["adoptKeepers", 1, "ERR_INVALID_ARG_TYPE"],
    ["killGraceMs", "5", "ERR_INVALID_ARG_TYPE"],
    ["killGraceMs", true, "ERR_INVALID_ARG_TYPE"],
    ["killGraceMs", -1, "ERR_OUT_OF_RANGE"],
    ["killGraceMs", 2 ** 31, "ERR_OUT_OF_RANGE"],
    ["tree", "yes", "ERR_INVALID_ARG_TYPE"],
    ["guard", 0, "ERR_INVALID_ARG_TYPE"],
  ];

  it.each(INVALID)("refuse %s = %j with %s", (name, value, code) => {
    const open = () => createHeadlessPidRegistry({ pidFilePath: newPidFile(), [name]: value });
    expect(open).toThrow(expect.objectContaining({ code, message: expect.stringContaining(name) }));
  });
});

describe("NODE_DEBUG=headless-pid-registry", () => {
  it("prints what the channels publish, without tokens", async () => {
    const script = `
      const registry = require(${JSON.stringify(ROOT)}).createHeadlessPidRegistry({
        pidFilePath: process.argv[1] });
      registry.register(${deadPid(1)}, "/a", new (require("node:events"))(), "secret");
      registry.linkByToken("secret", "s");
      registry.close();`;
    const env = { ...process.env, NODE_DEBUG: "headless-pid-registry" };
    const argv = ["-e", script, newPidFile()];
    const { stderr } = await run(process.execPath, argv, { env });
    expect(stderr).toContain(`register {"pid":${deadPid(1)},"cwd":"/a"}`);
    expect(stderr).toContain('"sessionId":"s"');
    expect(stderr).not.toContain("secret");
    const silent = await run(process.execPath, argv);
    expect(silent.stderr).toBe("");
  });
});

describe("events", () => {
  it("are exit and warning, and error for those who ask for it; others are a TypeError", () => {
    const { registry } = open();
    for (const name of ["on", "off", "once", "removeListener"] as const) {
      for (const event of ["exit", "warning", "error"] as const)
        expect(registry[name](event, () => {})).toBe(registry);
      for (const event of ["exits", "", undefined, null, 5, Symbol("exit")])
        expect(() => registry[name](event as Any, () => {})).toThrow(TypeError);
    }
    expect(() => registry.on("exit", "no function" as Any)).toThrow(TypeError);
  });

  it("reach a listener once, and none that was taken away", () => {
    const { registry } = open();
    const seen: string[] = [];
    const taken = (): unknown => seen.push("taken");
    registry.on("warning", taken).off("warning", taken);
    registry.on("warning", taken).removeListener("warning", taken);
    registry.once("warning", ({ code }) => seen.push(code));
    registry.register(process.ppid, "/a", bare());
    registry.register(process.pid, "/a", bare());
    expect(seen).toEqual(["HPR_ENOTKIN"]);
  });
});
