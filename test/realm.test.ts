import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bare, deadPid, ROOT } from "./fixtures/processes.js";
import { newPidFile } from "./fixtures/registry.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

const context = createContext({ process, console, setTimeout, clearTimeout });
const loaded = new Map<string, Any>();

/** The package as Jest loads it: its JavaScript in a realm of its own, the binary in Node's. */
function load(file: string): Any {
  const known = loaded.get(file);
  if (known) return known.exports;
  const outer = createRequire(file);
  const inner = (name: string): Any =>
    name.startsWith(".") ? load(join(dirname(file), name)) : outer(name);
  const module = { exports: {} };
  loaded.set(file, module);
  const source = `(function (exports, require, module, __dirname) {${readFileSync(file, "utf8")}\n})`;
  runInContext(source, context, { filename: file })(module.exports, inner, module, dirname(file));
  return module.exports;
}

const { createHeadlessPidRegistry, readPidFile } = load(join(ROOT, "dist", "index.js"));

function thrownBy(call: () => unknown): Any {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const isOf = (name: string, error: unknown): boolean => {
  context.error = error;
  return runInContext(`error instanceof ${name}`, context);
};

describe("an error that is made in C++", () => {
  const registry = createHeadlessPidRegistry({ pidFilePath: newPidFile() });

  it.each([
    ["TypeError", "ERR_INVALID_ARG_TYPE", () => registry.register("1", "/a", bare())],
    ["TypeError", "ERR_INVALID_ARG_TYPE", () => registry.register(deadPid(1), 5, bare())],
    ["RangeError", "ERR_OUT_OF_RANGE", () => registry.register(1, "/a", bare())],
    [
      "TypeError",
      "ERR_INVALID_ARG_TYPE",
      () => createHeadlessPidRegistry({ pidFilePath: "/a\0b" }),
    ],
    ["Error", "HPR_EUNSAFE", () => readPidFile("/dev/null")],
  ])("is a %s with the code %s, of the realm that has loaded the package", (type, code, call) => {
    const error = thrownBy(call);
    expect(error).toMatchObject({ name: type, code });
    expect(isOf(type, error)).toBe(true);
  });

  it("says that the registry is closed", () => {
    const closed = createHeadlessPidRegistry({ pidFilePath: newPidFile() });
    closed.close();
    const error = thrownBy(() => closed.remove(deadPid(1)));
    expect(error.code).toBe("HPR_ECLOSED");
    expect(isOf("Error", error)).toBe(true);
  });

  it("rejects with it what is asked for in vain", async () => {
    const answer = registry.terminate("s", { signal: "SIGUSR1" });
    const error = await answer.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: "RangeError", code: "ERR_OUT_OF_RANGE" });
    expect(isOf("RangeError", error)).toBe(true);
  });
});
