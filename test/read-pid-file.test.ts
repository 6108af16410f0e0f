import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
} from "node:fs";
import { dirname, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { readPidFile } from "../dist/index.js";
import { badEntries, badPids, noEntries, withPid } from "./corpus/bad-entries.mjs";
import { badFiles } from "./corpus/bad-files.mjs";
import {
  bare,
  deadPid,
  exited,
  isAlive,
  sleeper,
  startTalking,
  stubborn,
} from "./fixtures/processes.js";
import { ago, codes, DAY_MS, newPidFile, open, pids, writePidFile } from "./fixtures/registry.js";
import { holdsFor } from "./fixtures/wait.js";

const SPAWNED = "2026-01-31T23:59:59.999Z";
const FULL = {
  pid: deadPid(1),
  cwd: "/bystander",
  spawnedAt: SPAWNED,
  terminating: true,
  identity: { boot: "b@1", birth: "4.5.6" },
  owner: { pid: deadPid(9), boot: "b@1", birth: "4.1.2", id: "0123456789abcdef" },
};

/** Everything that a look could have changed, the time of the last reading aside. */
function pictureOf(pidFile: string): unknown {
  const folder = dirname(pidFile);
  return readdirSync(folder).map((name) => {
    const { ino, size, mode, mtimeMs, ctimeMs } = statSync(`${folder}/${name}`);
    return { name, ino, size, mode, mtimeMs, ctimeMs };
  });
}

function written(content: string | Buffer | object[]): string {
  const pidFile = newPidFile();
  writePidFile(pidFile, content);
  return pidFile;
}

describe("a missing file", () => {
  it("is an empty one, and stays missing", () => {
    const pidFile = newPidFile();
    expect(readPidFile(pidFile)).toEqual({ entries: [], refused: [], damaged: false });
    expect(() => statSync(dirname(pidFile))).toThrow("ENOENT");
  });

  it("is looked for where a registry has it by default", () => {
    const pidFile = `${process.env.HOME}/.pi/dashboard/headless-pids.json`;
    expect(readPidFile()).toEqual({ entries: [], refused: [], damaged: false });
    writePidFile(pidFile, [{ pid: deadPid(3), cwd: "/a" }]);
    expect(readPidFile().entries).toEqual([{ pid: deadPid(3), cwd: "/a", state: "live" }]);
  });
});

describe("the file of a registry", () => {
  it("tells all that is known of each process, in order", async () => {
    const { registry, pidFile } = open({ killGraceMs: false });
    const [keeper, ending] = [sleeper(), await stubborn()];
    const before = Date.now();
    registry.register(keeper.pid, "/k", keeper, "t", {
      keeperPid: keeper.pid,
      keeperSockPath: "/k.sock",
    });
    registry.register(ending.pid, "/e", ending);
    registry.linkByToken("t", "s", deadPid(2));
    registry.linkByPid("e", ending.pid);
    registry.killBySessionId("e");
    const { entries, ...rest } = readPidFile(pidFile);
    expect(rest).toEqual({ refused: [], damaged: false });
    const ownerPid = process.pid;
    expect(entries).toEqual([
      {
        pid: keeper.pid,
        cwd: "/k",
        spawnedAt: expect.any(Number),
        spawnToken: "t",
        piPid: deadPid(2),
        keeperPid: keeper.pid,
        keeperSockPath: "/k.sock",
        sessionId: "s",
        state: "live",
        ownerPid,
      },
      {
        pid: ending.pid,
        cwd: "/e",
        spawnedAt: expect.any(Number),
        sessionId: "e",
        state: "terminating",
        ownerPid,
      },
    ]);
    for (const { spawnedAt } of entries) {
      expect(spawnedAt).toBeGreaterThanOrEqual(before);
      expect(spawnedAt).toBeLessThanOrEqual(Date.now());
    }
  });

  it("is never seen half written", () => {
    const { registry, pidFile } = open();
    registry.register(deadPid(1), "/a", bare());
    for (let i = 0; i < 200; i++) {
      registry.register(deadPid(2), `/${"x".repeat(i)}`, bare());
      expect(readPidFile(pidFile)).toMatchObject({ entries: [{}, {}], damaged: false });
    }
  });

  it("is read without waiting for its lock", async () => {
    const pidFile = written([FULL]);
    const holder = await startTalking([
      "flock",
      `${pidFile}.lock`,
      "sh",
      "-c",
      "echo held; exec sleep 300",
    ]);
    expect(readPidFile(pidFile).entries).toHaveLength(1);
    expect(isAlive(holder.child.pid)).toBe(true);
    holder.child.kill("SIGKILL");
    await exited(holder.child);
  });
});

describe("a file of the original module", () => {
  it("has no owner", () => {
    const pidFile = written([{ pid: deadPid(1), cwd: "/a", spawnedAt: SPAWNED, spawnToken: "t" }]);
    expect(readPidFile(pidFile).entries).toEqual([
      {
        pid: deadPid(1),
        cwd: "/a",
        spawnedAt: Date.parse(SPAWNED),
        spawnToken: "t",
        state: "live",
      },
    ]);
  });

  it.each([undefined, "yesterday", 0, 1_700_000_000, null])(
    "may have a time that is none (%j)",
    (spawnedAt) => {
      expect(readPidFile(written([{ pid: deadPid(1), cwd: "/a", spawnedAt }])).entries).toEqual([
        { pid: deadPid(1), cwd: "/a", state: "live" },
      ]);
    },
  );
});

describe("a damaged file", () => {
  it.each(badFiles)("(%s) gives its whole entries and stays as it is", (_, make, whole) => {
    const texts = [1, 2].map((n) => JSON.stringify({ ...FULL, pid: deadPid(n) }));
    const content = Buffer.from(make(texts[0], texts[1]) as string);
    const pidFile = written(content);
    const before = pictureOf(pidFile);
    const found = readPidFile(pidFile);
    expect(found.entries.map((entry) => entry.pid)).toEqual(
      [deadPid(1), deadPid(2)].slice(0, whole),
    );
    expect(found.damaged).toBe(true);
    expect(readFileSync(pidFile).equals(content)).toBe(true);
    expect(pictureOf(pidFile)).toEqual(before);
  });
});

describe("an entry that must not be acted on", () => {
  const sound = JSON.stringify(FULL);
  const texts = [
    ...badPids.map(([name, make]) => [name, withPid(sound, FULL.pid, make(FULL.pid))]),
    ...badEntries.map(([name, edit]) => [name, edit(sound, FULL.pid)]),
    ...noEntries.map((text) => [text, text]),
  ];
  it.each(texts)("(%s) is told apart, and its neighbour is not", (_, text) => {
    const found = readPidFile(written(`{"entries":[${text},${sound}]}`));
    expect(found).toMatchObject({ entries: [{ pid: FULL.pid }], refused: [text], damaged: false });
    expect(found.entries).toHaveLength(1);
  });
});

describe("looking", () => {
  it("touches nothing and signals nobody", async () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child);
    before.registry.close();
    const [row] = JSON.parse(readFileSync(before.pidFile, "utf8")).entries;
    const pidFile = written([{ ...row, terminating: true, spawnedAt: ago(8 * DAY_MS) }]);
    const picture = pictureOf(pidFile);
    for (let i = 0; i < 3; i++) expect(readPidFile(pidFile).entries).toHaveLength(1);
    await holdsFor(100, "the process lives", () => isAlive(child.pid));
    expect(pictureOf(pidFile)).toEqual(picture);
  });

  it("releases what it opens", () => {
    const count = () => readdirSync("/proc/self/fd").length;
    const [sound, damaged] = [written([FULL]), written("[]")];
    const before = count();
    for (let i = 0; i < 100; i++) {
      readPidFile(sound);
      readPidFile(damaged);
      expect(() => readPidFile(dirname(sound))).toThrow();
    }
    expect(count()).toBe(before);
  });

  it("may be done beside the registry that writes", () => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare());
    readPidFile(opened.pidFile);
    opened.registry.register(deadPid(2), "/a", bare());
    expect(pids(opened.pidFile)).toEqual([deadPid(1), deadPid(2)]);
    expect(codes(opened)).toEqual([]);
  });

  it("takes a path from the working folder", () => {
    const pidFile = written([FULL]);
    expect(readPidFile(relative(process.cwd(), pidFile)).entries).toHaveLength(1);
  });
});

describe("a file that must not be read", () => {
  const text = JSON.stringify({ entries: [FULL] });
  const plant: [string, string, (pidFile: string) => void][] = [
    ["a folder", "HPR_EUNSAFE", (pidFile) => mkdirSync(pidFile, { recursive: true })],
    [
      "a link",
      "HPR_EUNSAFE",
      (pidFile) => {
        mkdirSync(dirname(pidFile), { recursive: true });
        symlinkSync(written(text), pidFile);
      },
    ],
    [
      "a FIFO",
      "HPR_EUNSAFE",
      (pidFile) => {
        mkdirSync(dirname(pidFile), { recursive: true });
        execFileSync("mkfifo", ["-m", "600", pidFile]);
      },
    ],
    [
      "writable by everybody",
      "HPR_EUNSAFE",
      (pidFile) => {
        writePidFile(pidFile, text);
        chmodSync(pidFile, 0o666);
      },
    ],
    [
      "larger than 16 MiB",
      "HPR_ETOOBIG",
      (pidFile) => {
        writePidFile(pidFile, text);
        truncateSync(pidFile, 17 * 1024 * 1024);
      },
    ],
  ];
  it.each(plant)("(%s) is an error with a code, and stays", (_, code, make) => {
    const pidFile = newPidFile();
    make(pidFile);
    const before = pictureOf(pidFile);
    expect(() => readPidFile(pidFile)).toThrow(expect.objectContaining({ code }));
    expect(() => readPidFile(pidFile)).toThrow(pidFile);
    expect(pictureOf(pidFile)).toEqual(before);
  });
});

describe("a path that is none", () => {
  it.each([5, {}, "", "a\0b", "a\ud800"])("(%j) is refused", (path) => {
    expect(() => readPidFile(path as never)).toThrow(TypeError);
  });
});
