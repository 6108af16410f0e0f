import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bare, deadPid } from "./fixtures/processes.js";
import { open } from "./fixtures/registry.js";

/** Of every length around what is looked at, with every kind of character in every place. */
const shapes = ["a", "é", "€", "😀", "\u007f", "\u0080"].flatMap((odd) =>
  Array.from({ length: 24 }, (_, i) => {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"].slice(0, 1 + i);
    letters[Math.floor(i / 2)] = odd;
    return letters.join("");
  }),
);
const names = [...new Set(shapes), ...Array.from({ length: 1000 }, () => randomUUID())];

describe("a name", () => {
  it("is found by lookups, whatever it is made of, until its entry is gone", () => {
    const { registry } = open();
    names.forEach((name, i) => {
      registry.register(deadPid(i), "/a", bare(), `t${name}`);
      expect(registry.linkByToken(`t${name}`, `s${name}`)).toBe(true);
    });
    names.forEach((name, i) => expect(registry.getPid(`s${name}`)).toBe(deadPid(i)));
    expect(registry.size()).toBe(names.length);
    names.forEach((_, i) => registry.remove(deadPid(i)));
    for (const name of names) {
      expect(registry.getPid(`s${name}`)).toBeUndefined();
      expect(registry.linkByToken(`t${name}`, "s")).toBe(false);
    }
    expect(registry.size()).toBe(0);
  });

  it("that nobody has names nobody, and none is nobody's", () => {
    const { registry } = open();
    registry.register(deadPid(1), "/a", bare(), "t");
    for (const name of ["x", "", "t\0", "\ud800", undefined, null, 1, {}, ["t"]]) {
      expect(registry.linkByToken(name as string, "s")).toBe(false);
      expect(registry.getPid(name as string)).toBeUndefined();
    }
  });

  it("makes every lookup throw once the registry is closed", () => {
    const { registry } = open();
    registry.close();
    const closed = expect.objectContaining({ code: "HPR_ECLOSED" });
    expect(() => registry.size()).toThrow(closed);
    expect(() => registry.getPid("s")).toThrow(closed);
    expect(() => registry.linkByToken("t", "s")).toThrow(closed);
  });
});
