import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bare, deadPid } from "./fixtures/processes.js";
import { open, type Opened, restart, rows, temporaryFolder } from "./fixtures/registry.js";

const [P, Q, R, PI] = [deadPid(1), deadPid(2), deadPid(3), deadPid(9)];
const ME = process.pid;
const sock = "/run/keeper.sock";

const add = ({ registry }: Opened, pid: number, cwd = "/a", token?: string, keeperPid?: number) =>
  registry.register(
    pid,
    cwd,
    bare(),
    token,
    keeperPid === undefined ? undefined : { keeperPid, keeperSockPath: sock },
  );

/** P works in a folder, Q in the same by way of a link. */
function twoNames(): { opened: Opened; folder: string; link: string } {
  const folder = temporaryFolder();
  const [real, link] = [join(folder, "real"), join(folder, "link")];
  mkdirSync(real);
  symlinkSync(real, link);
  const opened = open();
  add(opened, P, real);
  add(opened, Q, link);
  return { opened, folder, link };
}

const sessions = ({ registry }: Opened) =>
  Object.fromEntries(registry.entries().map((entry) => [entry.pid, entry.sessionId]));

/**
 * An unlinked entry that knows its pi, which only a restart can produce. This process is the one
 * that lives on and is never signalled.
 */
function keptPi(): Opened {
  const before = open();
  add(before, ME, "/a", "one", ME);
  before.registry.linkByToken("one", "s", PI);
  const opened = restart(before);
  return opened;
}

describe("tier 1, linkByToken", () => {
  it("links the entry with that token and no other", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    add(opened, Q, "/a", "two");
    expect(opened.registry.linkByToken("three", "s")).toBe(false);
    expect(opened.registry.linkByToken("two", "s")).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: undefined, [Q]: "s" });
    expect(opened.registry.getPid("s")).toBe(Q);
  });

  it("takes the first of several", () => {
    const opened = open();
    for (const pid of [Q, P, R]) add(opened, pid, "/a", "same");
    expect(opened.registry.linkByToken("same", "s1")).toBe(true);
    expect(opened.registry.linkByToken("same", "s2")).toBe(true);
    expect(sessions(opened)).toEqual({ [Q]: "s1", [P]: "s2", [R]: undefined });
  });

  it("never matches an empty token", () => {
    const opened = open();
    add(opened, P, "/a", "");
    add(opened, Q);
    expect(opened.registry.linkByToken("", "s")).toBe(false);
    expect(sessions(opened)).toEqual({ [P]: undefined, [Q]: undefined });
  });

  it("never relinks", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    opened.registry.linkByToken("one", "s");
    expect(opened.registry.linkByToken("one", "other")).toBe(false);
    expect(sessions(opened)).toEqual({ [P]: "s" });
  });

  it("stores pi's pid for a keeper entry, in the file at once", () => {
    const opened = open();
    add(opened, P, "/a", "one", P);
    expect(opened.registry.linkByToken("one", "s", PI)).toBe(true);
    expect(rows(opened.pidFile)[0].piPid).toBe(PI);
    expect(opened.registry.getPid("s")).toBe(PI);
  });

  it("stores no pi pid without a keeper", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    opened.registry.linkByToken("one", "s", PI);
    expect(rows(opened.pidFile)[0]).not.toHaveProperty("piPid");
    expect(opened.registry.getPid("s")).toBe(P);
  });

  it("stores no pi pid that is the entry's own", () => {
    const opened = open();
    add(opened, P, "/a", "one", P);
    opened.registry.linkByToken("one", "s", P);
    expect(rows(opened.pidFile)[0]).not.toHaveProperty("piPid");
    expect(opened.registry.getPid("s")).toBe(P);
  });
});

describe("tier 2, linkByPid", () => {
  it("links the entry registered under that pid", () => {
    const opened = open();
    add(opened, P);
    add(opened, Q);
    expect(opened.registry.linkByPid("s", R)).toBe(false);
    expect(opened.registry.linkByPid("s", Q)).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: undefined, [Q]: "s" });
  });

  it("falls back to pi's pid", () => {
    const opened = keptPi();
    expect(opened.registry.linkByPid("again", PI)).toBe(true);
    expect(opened.registry.getPid("again")).toBe(PI);
  });

  it("prefers the registered pid to somebody's pi pid", () => {
    const opened = keptPi();
    add(opened, PI, "/b");
    expect(opened.registry.linkByPid("again", PI)).toBe(true);
    expect(sessions(opened)).toEqual({ [ME]: undefined, [PI]: "again" });
  });

  it("goes on to pi's pid when the registered one is taken", () => {
    const opened = keptPi();
    add(opened, PI, "/b");
    opened.registry.linkByPid("first", PI);
    expect(opened.registry.linkByPid("second", PI)).toBe(true);
    expect(sessions(opened)).toEqual({ [ME]: "second", [PI]: "first" });
    expect(opened.registry.linkByPid("third", PI)).toBe(false);
  });

  it("never relinks", () => {
    const opened = open();
    add(opened, P);
    opened.registry.linkByPid("s", P);
    expect(opened.registry.linkByPid("other", P)).toBe(false);
    expect(sessions(opened)).toEqual({ [P]: "s" });
  });
});

describe("tier 3, linkSession", () => {
  it("takes the first unlinked entry of that folder", () => {
    const opened = open();
    add(opened, P, "/b");
    add(opened, Q, "/a");
    add(opened, R, "/a");
    expect(opened.registry.linkSession("s0", "/c")).toBe(false);
    expect(opened.registry.linkSession("s1", "/a")).toBe(true);
    expect(opened.registry.linkSession("s2", "/a")).toBe(true);
    expect(opened.registry.linkSession("s3", "/a")).toBe(false);
    expect(sessions(opened)).toEqual({ [P]: undefined, [Q]: "s1", [R]: "s2" });
  });

  it("finds the same folder behind a symbolic link, both ways", () => {
    const { opened, folder } = twoNames();
    expect(opened.registry.linkSession("s1", `${folder}/./link/`)).toBe(true);
    expect(opened.registry.linkSession("s2", `${folder}/link/../real`)).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: "s1", [Q]: "s2" });
  });

  it("prefers the same text to the same folder", () => {
    const { opened, link } = twoNames();
    expect(opened.registry.linkSession("s", link)).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: undefined, [Q]: "s" });
  });

  it("takes two folders that do not exist for different ones", () => {
    const opened = open();
    add(opened, P, "/nowhere/a");
    expect(opened.registry.linkSession("s", "/nowhere/b")).toBe(false);
    expect(opened.registry.linkSession("s", "/nowhere/a")).toBe(true);
  });
});

describe("a session that reconnects", () => {
  it("finds its own entry by token, and nothing changes", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    add(opened, Q, "/a", "two");
    opened.registry.linkByToken("one", "s");
    expect(opened.registry.linkByToken("one", "s")).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: "s", [Q]: undefined });
  });

  it("finds its own entry by pid and by pi's pid", () => {
    const opened = open();
    add(opened, P, "/a", "one", P);
    opened.registry.linkByToken("one", "s", PI);
    expect(opened.registry.linkByPid("s", P)).toBe(true);
    expect(opened.registry.linkByPid("s", PI)).toBe(true);
    expect(opened.registry.getPid("s")).toBe(PI);
  });

  it("is given no second entry by folder", () => {
    const opened = open();
    add(opened, P, "/a");
    add(opened, Q, "/a");
    add(opened, R, "/b");
    opened.registry.linkSession("s", "/a");
    expect(opened.registry.linkSession("s", "/a")).toBe(true);
    expect(opened.registry.linkSession("s", "/b")).toBe(false);
    expect(sessions(opened)).toEqual({ [P]: "s", [Q]: undefined, [R]: undefined });
  });

  it("is known in its folder by the folder's other name", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    const opened = open();
    add(opened, P, join(folder, "real"));
    opened.registry.linkSession("s", join(folder, "real"));
    expect(opened.registry.linkSession("s", join(folder, "link"))).toBe(true);
  });

  it("is still given a second entry that is named exactly", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    add(opened, Q, "/a", "two");
    add(opened, R, "/a");
    opened.registry.linkByToken("one", "s");
    expect(opened.registry.linkByToken("two", "s")).toBe(true);
    expect(opened.registry.linkByPid("s", R)).toBe(true);
    expect(sessions(opened)).toEqual({ [P]: "s", [Q]: "s", [R]: "s" });
  });
});

describe("two entries of one session", () => {
  it("are found in order, the second once the first is gone", () => {
    const opened = open();
    add(opened, Q, "/a", "one");
    add(opened, P, "/a", "two");
    opened.registry.linkByToken("two", "s");
    opened.registry.linkByToken("one", "s");
    expect(opened.registry.getPid("s")).toBe(Q);
    opened.registry.remove(Q);
    expect(opened.registry.getPid("s")).toBe(P);
  });
});

describe("an empty session id", () => {
  it("links nothing", () => {
    const opened = open();
    add(opened, P, "/a", "one");
    expect(opened.registry.linkByToken("one", "")).toBe(false);
    expect(opened.registry.linkByPid("", P)).toBe(false);
    expect(opened.registry.linkSession("", "/a")).toBe(false);
    expect(opened.registry.getPid("")).toBeUndefined();
    expect(opened.registry.linkSession("s", "/a")).toBe(true);
  });
});

describe("getPid", () => {
  it("does not know a session that was never linked", () => {
    const opened = open();
    add(opened, P);
    expect(opened.registry.getPid("s")).toBeUndefined();
  });
});
