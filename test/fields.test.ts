import { describe, expect, it } from "vitest";
import { readPidFile } from "../dist/index.js";
import type { HeadlessFields } from "../lib/types.js";
import { bare, deadPid, exited, sleeper, stray, stubborn } from "./fixtures/processes.js";
import {
  ago,
  editRows,
  newPidFile,
  open,
  rows,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

/** Each kind of value, and names that are the row's own, or JavaScript's. */
const FIELDS: HeadlessFields = {
  text: 'é "quoted" \u2028\n',
  number: -1.5e-7,
  whole: Number.MAX_SAFE_INTEGER,
  yes: true,
  none: null,
  list: [1, ["two", {}], []],
  nested: { deep: { deeper: [null] } },
  "": "no name",
  pid: 1,
  cwd: "/etc",
  terminating: true,
  owner: { pid: 1 },
  entries: [],
  ...JSON.parse('{"__proto__":{"polluted":true},"constructor":"x","toString":5}'),
};

const nested = (levels: number): HeadlessFields =>
  levels > 1 ? { next: nested(levels - 1) } : { end: true };

describe("fields", () => {
  it("are in the row, and given back by entries(), readPidFile and the exit", async () => {
    const opened = open();
    const child = sleeper();
    opened.registry.register(child, { cwd: "/a", spawnToken: "t", fields: FIELDS });
    expect(rows(opened.pidFile)).toMatchObject([{ pid: child.pid, cwd: "/a", spawnToken: "t" }]);
    expect(rows(opened.pidFile)[0].fields).toEqual(FIELDS);
    expect(opened.registry.entries()[0].fields).toEqual(FIELDS);
    expect(readPidFile(opened.pidFile).entries[0].fields).toEqual(FIELDS);
    child.kill("SIGKILL");
    await waitFor("the exit", () => opened.exits.length === 1);
    expect(opened.exits[0].fields).toEqual(FIELDS);
    expect(({} as Any).polluted).toBeUndefined();
  });

  it("are a copy: what the caller does with them later changes nothing", () => {
    const { registry } = open();
    const fields = { list: [1] };
    registry.register(sleeper(), { cwd: "/a", fields });
    fields.list.push(2);
    registry.entries()[0].fields!.list = "changed";
    expect(registry.entries()[0].fields).toEqual({ list: [1] });
  });

  it("survive other servers' writes, and a restart", async () => {
    const pidFilePath = newPidFile();
    const first = await Server.start({ pidFilePath });
    const { pid } = await first.spawn({ token: "t" });
    editRows(pidFilePath, (row) => Object.assign(row, { fields: FIELDS, goalId: "g" }));
    await first.crash();
    const second = open({ pidFilePath });
    second.registry.register(deadPid(1), "/b", bare());
    expect(rows(pidFilePath).find((row) => row.pid === pid)).toMatchObject({ goalId: "g" });
    second.registry.cleanupOrphans();
    second.registry.linkByToken("t", "s");
    expect(second.registry.entries().find((entry) => entry.pid === pid)).toMatchObject({
      fields: FIELDS,
      goalId: "g",
    });
    expect(rows(pidFilePath).find((row) => row.pid === pid)!.fields).toEqual(FIELDS);
    expect(second.registry.getGoalId("s")).toBe("g");
  });

  it("are those of the last registration of a pid", () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child, { cwd: "/a", goalId: "g", fields: { a: 1 } });
    registry.register(child, { cwd: "/a", fields: { b: 2 } });
    expect(registry.entries()[0].fields).toEqual({ b: 2 });
    registry.register(child.pid, "/a", child);
    expect(registry.entries()[0]).not.toHaveProperty("fields");
    expect(rows(pidFile)[0]).not.toHaveProperty("goalId");
  });

  it.each([undefined, null])("may be %j, and so may what is in them", (absent) => {
    const { registry } = open();
    registry.register(sleeper(), { cwd: "/a", fields: absent, goalId: absent });
    registry.register(sleeper(), { cwd: "/b", fields: { absent } });
    const [one, two] = registry.entries();
    expect(one).not.toHaveProperty("fields");
    expect(two.fields).toEqual(absent === null ? { absent } : {});
  });

  it("may be nested as deeply as the file's reader allows, and no deeper", () => {
    const { registry, pidFile } = open();
    registry.register(sleeper(), { cwd: "/a", fields: nested(31) });
    expect(readPidFile(pidFile).entries[0].fields).toEqual(nested(31));
    const circle: HeadlessFields = {};
    circle.circle = circle as Any;
    for (const fields of [nested(32), nested(1000), circle])
      expect(() => registry.register(sleeper(), { cwd: "/a", fields })).toThrow(
        expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
      );
  });

  it.each([
    ["NUL", { a: "x\0y" }],
    ["NUL in a name", { "x\0y": 1 }],
    ["half a surrogate pair", { a: ["\ud800"] }],
    ["17 MiB", { a: "x".repeat(17 * 1024 * 1024) }],
  ])("that no reader would accept (%s) are a RangeError", (_, fields) => {
    const { registry, pidFile } = open();
    registry.register(deadPid(1), "/a", bare());
    expect(() => registry.register(sleeper(), { cwd: "/a", fields })).toThrow(RangeError);
    expect(registry.size()).toBe(1);
    expect(readPidFile(pidFile)).toMatchObject({ entries: [{}], refused: [], damaged: false });
  });

  it.each<[string, unknown]>([
    ["fields", "text"],
    ["fields", []],
    ["fields", () => ({})],
    ["fields.a", { a: Number.NaN }],
    ["fields.a", { a: Number.POSITIVE_INFINITY }],
    ["fields.a", { a: 5n }],
    ["fields.a", { a: Symbol("a") }],
    ["fields.a", { a: () => 1 }],
    ["fields.a", { a: new Date() }],
    ["fields.a.b[1]", { a: { b: [1, undefined] } }],
    ["fields.a.toJSON", { a: { toJSON: () => 1 } }],
  ])("that are no plain JSON are refused by name: %s", (name, fields) => {
    const { registry } = open();
    expect(() => registry.register(sleeper(), { cwd: "/a", fields: fields as Any })).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_TYPE",
        message: expect.stringMatching(new RegExp(`^${name.replace(/[.[\]]/g, "\\$&")} must`)),
      }),
    );
    expect(registry.size()).toBe(0);
  });

  it.each([{ fields: "text", goalId: 5 }, { fields: [1], goalId: {} }, { fields: null }])(
    "that others have written otherwise (%j) stay, and are not ours",
    async (others) => {
      const pidFilePath = newPidFile();
      const pid = await stray();
      const row = { pid, cwd: process.cwd(), spawnedAt: ago(0), spawnToken: "t", ...others };
      writePidFile(pidFilePath, [row]);
      const { registry } = takeOver(pidFilePath);
      registry.linkByToken("t", "s");
      expect(registry.getGoalId("s")).toBeUndefined();
      expect(registry.entries()[0]).not.toHaveProperty("fields");
      expect(rows(pidFilePath)).toMatchObject([others]);
    },
  );
});

describe("the goal", () => {
  it("is the sixth position, an option, or among the fields", () => {
    const { registry, pidFile } = open();
    const children = [sleeper(), sleeper(), sleeper()];
    registry.register(children[0].pid, "/a", children[0], "t0", undefined, "g0");
    registry.register(children[1], { cwd: "/a", spawnToken: "t1", goalId: "g1" });
    registry.register(children[2], { cwd: "/a", spawnToken: "t2", fields: { goalId: "g2" } });
    for (const n of [0, 1, 2]) registry.linkByToken(`t${n}`, `s${n}`);
    expect([0, 1, 2].map((n) => registry.getGoalId(`s${n}`))).toEqual(["g0", "g1", "g2"]);
    expect(rows(pidFile).map((row) => row.goalId)).toEqual(["g0", "g1", "g2"]);
    expect(registry.entries().map((entry) => entry.goalId)).toEqual(["g0", "g1", "g2"]);
    expect(readPidFile(pidFile).entries.map((entry) => entry.goalId)).toEqual(["g0", "g1", "g2"]);
  });

  it("is nobody's of an unlinked, an ended, an unknown or an impossible session", async () => {
    const { registry } = open();
    const [child, ending] = [sleeper(), await stubborn()];
    registry.register(child, { cwd: "/a", goalId: "g", spawnToken: "t" });
    registry.register(ending, { cwd: "/b", goalId: "h", spawnToken: "u" });
    registry.linkByToken("u", "v");
    registry.killBySessionId("v");
    for (const session of ["s", "v", "", undefined, null, 5, {}, Symbol("s")])
      expect(registry.getGoalId(session as Any)).toBeUndefined();
    registry.linkByToken("t", "s");
    expect(registry.getGoalId("s")).toBe("g");
    child.kill("SIGKILL");
    await exited(child);
    await waitFor("its entry to go", () => registry.getGoalId("s") === undefined);
  });

  it("of another server that writes it as pi-dashboard does is known after a restart", async () => {
    const pidFilePath = newPidFile();
    const pid = await stray();
    const row = { pid, cwd: process.cwd(), spawnedAt: ago(0), spawnToken: "t", goalId: "g" };
    writePidFile(pidFilePath, [row]);
    const { registry } = takeOver(pidFilePath);
    registry.linkByToken("t", "s");
    expect(registry.getGoalId("s")).toBe("g");
  });

  it.each([5, true, {}, [], "a\0b", "\ud800"])("is a string, and %j is refused", (goalId) => {
    const { registry } = open();
    const child = sleeper();
    const refused = expect.objectContaining({
      name: "TypeError",
      message: expect.stringContaining("goalId"),
    });
    expect(() => registry.register(child, { cwd: "/a", goalId: goalId as Any })).toThrow(refused);
    expect(() =>
      registry.register(child.pid, "/a", child, undefined, undefined, goalId as Any),
    ).toThrow(refused);
    expect(registry.size()).toBe(0);
  });
});

describe("the command in entries()", () => {
  it("is the process's own, as it shows it now", async () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child, { cwd: "/a" });
    registry.register(deadPid(1), "/b", bare());
    expect(registry.entries()[0].command).toMatch(/^\S*sleep \d+$/);
    expect(registry.entries()[1]).not.toHaveProperty("command");
  });
});
