// What would make a file that no reader accepts is refused before it is in there.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bare, deadPid } from "./fixtures/processes.js";
import { codes, open, type Opened, owned, pids, rows, takeOver } from "./fixtures/registry.js";

describe("what readers would refuse", () => {
  it.each([
    [
      "a token",
      (registry: Opened["registry"], text: string) =>
        registry.register(deadPid(2), "/a", bare(), text),
    ],
    [
      "a folder",
      (registry: Opened["registry"], text: string) => registry.register(deadPid(2), text, bare()),
    ],
  ])("is a RangeError: %s of 17 MB", (_, register) => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare());
    const before = readFileSync(opened.pidFile, "utf8");
    const thrown = expect(() => register(opened.registry, "x".repeat(17 * 1024 * 1024)));
    thrown.toThrow(expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" }));
    expect([owned(opened), readFileSync(opened.pidFile, "utf8"), codes(opened)]).toEqual([
      [deadPid(1)],
      before,
      [],
    ]);
    opened.registry.register(deadPid(3), "/a", bare());
    expect(pids(opened.pidFile)).toEqual([deadPid(1), deadPid(3)]);
  });

  it("is no session: a text of 17 MB", () => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare(), "t");
    expect(opened.registry.linkByToken("t", "s".repeat(17 * 1024 * 1024))).toBe(false);
    expect(opened.registry.linkByToken("t", "s")).toBe(true);
    expect([rows(opened.pidFile).length, codes(opened)]).toEqual([1, []]);
  });

  it("is a RangeError: one row too many", () => {
    const opened = open();
    const cwd = `/${"x".repeat(1024 * 1024)}`;
    let count = 0;
    const fill = () => {
      for (; count < 40; count++) opened.registry.register(deadPid(count), cwd, bare());
    };
    expect(fill).toThrow(RangeError);
    expect(pids(opened.pidFile)).toHaveLength(count);
    expect(opened.registry.size()).toBe(count);
    expect(codes(opened)).toEqual([]);
    const next = takeOver(opened.pidFile);
    expect(codes(next)).toEqual([]);
  });
});
