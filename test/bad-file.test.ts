// Pid files that are not what a registry writes.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { badFiles } from "./corpus/bad-files.mjs";
import { bare, deadPid, fixture, isAlive, sleeper, ROOT } from "./fixtures/processes.js";
import {
  ago,
  codes,
  newPidFile,
  open,
  type Opened,
  pids,
  rows,
  takeOver,
  temporaryFolder,
  writePidFile,
} from "./fixtures/registry.js";

const P = deadPid(1);
const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;

/** One that is alive and was started just now: an entry that is reclaimed if it is read at all. */
function live(): { pid: number; text: string } {
  const { pid } = sleeper();
  return { pid, text: JSON.stringify({ pid, cwd: process.cwd(), spawnedAt: ago(0) }) };
}

function cleaned(pidFilePath: string): Opened {
  const opened = takeOver(pidFilePath);
  return opened;
}

const keptAside = (pidFile: string): Buffer[] =>
  readdirSync(dirname(pidFile))
    .filter((name) => name.startsWith(`${basename(pidFile)}.corrupt-`))
    .map((name) => readFileSync(join(dirname(pidFile), name)));

describe("a file that is missing", () => {
  it("is an empty one", () => {
    const opened = cleaned(newPidFile());
    expect(opened.registry.size()).toBe(0);
    expect(codes(opened)).toEqual([]);
    opened.registry.register(P, "/a", bare());
    expect(pids(opened.pidFile)).toEqual([P]);
  });
});

describe("a damaged file", () => {
  it.each(badFiles)("(%s) is set aside, and its whole entries are used", (_, make, whole) => {
    const entries = [live(), live()];
    const content = make(entries[0].text, entries[1].text);
    const pidFile = newPidFile();
    writePidFile(pidFile, content);
    const opened = cleaned(pidFile);
    const found = opened.registry.entries().map((entry) => entry.pid);
    expect(found).toEqual(entries.slice(0, whole).map((entry) => entry.pid));
    expect(keptAside(pidFile).map((bytes) => bytes.equals(Buffer.from(content)))).toEqual([true]);
    expect(codes(opened)).toEqual(["HPR_ECORRUPT"]);
    expect(pids(pidFile)).toEqual(found);
    for (const { pid } of entries) expect(isAlive(pid)).toBe(true);
  });

  it("is set aside and reported once", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, "hello");
    const opened = cleaned(pidFile);
    opened.registry.register(P, "/a", bare());
    opened.registry.cleanupOrphans();
    expect(codes(opened)).toEqual(["HPR_ECORRUPT"]);
    expect(keptAside(pidFile)).toHaveLength(1);
  });

  it("is set aside at the first write too", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, "hello");
    const opened = open({ pidFilePath: pidFile });
    opened.registry.register(P, "/a", bare());
    expect(codes(opened)).toEqual(["HPR_ECORRUPT"]);
    expect(keptAside(pidFile)).toEqual([Buffer.from("hello")]);
    expect(pids(pidFile)).toEqual([P]);
  });

  it("is kept aside in private", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, "hello");
    cleaned(pidFile);
    const aside = readdirSync(dirname(pidFile)).find((name) => name.includes(".corrupt-"))!;
    expect(statSync(join(dirname(pidFile), aside)).mode & 0o777).toBe(0o600);
  });
});

describe("an unusual but sound file", () => {
  it("may begin with a byte order mark, which is not written again", () => {
    const { pid, text } = live();
    const pidFile = newPidFile();
    writePidFile(pidFile, `\ufeff{"entries":[${text}]}`);
    const opened = cleaned(pidFile);
    expect(opened.registry.entries()).toMatchObject([{ pid }]);
    expect(codes(opened)).toEqual([]);
    expect(readFileSync(pidFile)[0]).toBe("{".charCodeAt(0));
  });

  it("keeps unknown fields, in entries and beside them", () => {
    const { pid } = live();
    const pidFile = newPidFile();
    const extra = { note: [1, { deep: "x" }], wide: 1e21, __proto__x: null };
    const text = JSON.stringify({
      version: { major: 7 },
      entries: [{ pid, cwd: process.cwd(), spawnedAt: ago(0), ...extra }],
      last: true,
    });
    writePidFile(pidFile, text.replace('"wide":1e+21', '"wide":9007199254740993'));
    const { registry } = cleaned(pidFile);
    registry.register(P, "/b", bare());
    expect(rows(pidFile)[0]).toMatchObject({ pid, note: extra.note, __proto__x: null });
    expect(readFileSync(pidFile, "utf8")).toContain("9007199254740993");
    expect(JSON.parse(readFileSync(pidFile, "utf8"))).toMatchObject({
      version: { major: 7 },
      last: true,
    });
  });

  it("takes __proto__ for a name like any other", () => {
    const { pid, text } = live();
    const pidFile = newPidFile();
    writePidFile(
      pidFile,
      `{"__proto__":{"entries":[]},"entries":[${text.replace("{", '{"__proto__":{"pid":7},')}]}`,
    );
    const { registry } = cleaned(pidFile);
    expect(registry.entries()).toMatchObject([{ pid }]);
    expect(readFileSync(pidFile, "utf8")).toContain('"__proto__":{"pid":7}');
    expect(({} as Record<string, unknown>).pid).toBeUndefined();
  });
});

describe("a file that must not be used", () => {
  /** Neither read nor replaced; the registry goes on in memory. */
  function expectRefused(opened: Opened, code: string): void {
    expect(codes(opened)).toEqual([code]);
    expect(opened.warnings[0].message).toContain(opened.pidFile);
    expect(opened.registry.size()).toBe(0);
    opened.registry.register(P, "/b", bare());
    opened.registry.register(deadPid(2), "/b", bare());
    expect(opened.registry.size()).toBe(2);
    expect(codes(opened)).toEqual([code]);
  }

  it("is one of more than 16 MiB", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, `{"entries":[${live().text}]}`);
    truncateSync(pidFile, 17 * 1024 * 1024);
    expectRefused(cleaned(pidFile), "HPR_ETOOBIG");
    expect(statSync(pidFile).size).toBe(17 * 1024 * 1024);
  });

  it("is a FIFO, which would block", () => {
    const pidFile = newPidFile();
    mkdirSync(dirname(pidFile), { recursive: true });
    execFileSync("mkfifo", ["-m", "600", pidFile]);
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
    expect(statSync(pidFile).isFIFO()).toBe(true);
  });

  it("is a folder", () => {
    const pidFile = newPidFile();
    mkdirSync(pidFile, { recursive: true });
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
    expect(statSync(pidFile).isDirectory()).toBe(true);
  });

  it("is a device", ({ skip }) => {
    if (!asRoot) skip("only root can make a device");
    const pidFile = newPidFile();
    mkdirSync(dirname(pidFile), { recursive: true });
    execFileSync("mknod", ["-m", "600", pidFile, "c", "1", "3"]); // the null device's numbers
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
    expect(statSync(pidFile).isCharacterDevice()).toBe(true);
  });

  it("is a symbolic link, wherever it leads", () => {
    const target = newPidFile();
    writePidFile(target, `{"entries":[${live().text}]}`);
    const before = readFileSync(target);
    expectRefused(cleaned(linked(target)), "HPR_EUNSAFE");
    expect(readFileSync(target)).toEqual(before);
  });

  it("is a symbolic link to nothing", () => {
    const target = newPidFile();
    expectRefused(cleaned(linked(target)), "HPR_EUNSAFE");
    expect(() => statSync(target)).toThrow("ENOENT");
  });

  it("is a symbolic link to itself", () => {
    const pidFile = newPidFile();
    mkdirSync(dirname(pidFile), { recursive: true });
    symlinkSync(pidFile, pidFile);
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
  });

  it("is one that everybody may write", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, `{"entries":[${live().text}]}`);
    chmodSync(pidFile, 0o666);
    const before = readFileSync(pidFile);
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
    expect(readFileSync(pidFile)).toEqual(before);
  });

  it("is another user's", ({ skip }) => {
    if (!asRoot) skip("only root can give a file away");
    const pidFile = newPidFile();
    writePidFile(pidFile, `{"entries":[${live().text}]}`);
    chownSync(pidFile, NOBODY, NOBODY);
    const before = readFileSync(pidFile);
    expectRefused(cleaned(pidFile), "HPR_EUNSAFE");
    expect(readFileSync(pidFile)).toEqual(before);
  });

  it("is used again once it is in order", () => {
    const { pid, text } = live();
    const pidFile = newPidFile();
    writePidFile(pidFile, `{"entries":[${text}]}`);
    chmodSync(pidFile, 0o666);
    const opened = cleaned(pidFile);
    opened.registry.register(P, "/b", bare());
    chmodSync(pidFile, 0o600);
    opened.registry.cleanupOrphans();
    expect(pids(pidFile).sort()).toEqual([P, pid].sort());
    expect(opened.registry.size()).toBe(2);
  });

  function linked(target: string): string {
    const pidFile = newPidFile();
    mkdirSync(dirname(pidFile), { recursive: true });
    symlinkSync(target, pidFile);
    return pidFile;
  }
});

describe("what the disk refuses", () => {
  // A small file system of its own, which nobody else sees.
  const mount = (folder: string) => `mount -t tmpfs -o size=128k none ${JSON.stringify(folder)}`;
  const inside = (script: string, ...argv: string[]) =>
    execFileSync("unshare", ["-rm", "sh", "-ec", script, "sh", ...argv], { encoding: "utf8" });

  function unmountable(): string | undefined {
    try {
      inside(mount("/mnt"));
      return undefined;
    } catch {
      return "this system lets us mount nothing, not even in a namespace of our own";
    }
  }

  it("has the code of its cause when the file is a mount point", ({ skip }) => {
    const reason = unmountable();
    if (reason) skip(reason);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "p.json"), "", { mode: 0o600 });
    writeFileSync(join(folder, "mounted"), "{}", { mode: 0o600 });
    const script = `mount --bind "$1/mounted" "$1/p.json"; shift; exec "$@"`;
    const program = `const { createHeadlessPidRegistry } = require(${JSON.stringify(join(ROOT, "dist"))});
      const registry = createHeadlessPidRegistry({ pidFilePath: process.argv[1] });
      registry.on("warning", ({ code }) => console.log(code));
      registry.register(${P}, "/a", new (require("node:events"))());`;
    expect(inside(script, folder, process.execPath, "-e", program, join(folder, "p.json"))).toBe(
      "HPR_EBUSY\n",
    );
  });

  it("costs one warning and no entry when it is full", ({ skip }) => {
    const reason = unmountable();
    if (reason) skip(reason);
    const folder = temporaryFolder();
    const script = `${mount(folder)}; exec "$@"`;
    const told = inside(script, process.execPath, fixture("full-disk.mjs"), join(folder, "p.json"));
    expect(JSON.parse(told)).toEqual({
      full: { pids: [1], size: 3 },
      codes: ["HPR_ENOSPC"],
      pids: [1, 2, 3, 4],
    });
  });
});

describe("planted and left-over files", () => {
  const NONCE = "0123456789abcdef";

  it("of dead writers are collected, others are not", () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    const left = `${pidFile}.${NONCE}.7.tmp`;
    const others = [
      `${pidFile}.tmp`,
      `${pidFile}.bak`,
      `${pidFile}.${NONCE}.x.tmp`,
      join(dirname(pidFile), "x.tmp"),
    ];
    for (const path of [left, ...others]) writeFileSync(path, "x");
    cleaned(pidFile);
    expect(() => statSync(left)).toThrow("ENOENT");
    for (const path of others) expect(readFileSync(path, "utf8")).toBe("x");
  });

  it.each([".tmp", `.${NONCE}.0.tmp`, ".lock"])(
    "that are links (%s) are not followed",
    (suffix) => {
      const pidFile = newPidFile();
      writePidFile(pidFile, []);
      const victim = join(dirname(pidFile), "victim");
      writeFileSync(victim, "precious");
      symlinkSync(victim, pidFile + suffix);
      const opened = cleaned(pidFile);
      opened.registry.register(P, "/a", bare());
      expect(opened.registry.size()).toBe(1);
      expect(readFileSync(victim, "utf8")).toBe("precious");
      expect(statSync(victim).mode & 0o777).not.toBe(0o600);
    },
  );

  it("that lock nothing any more are made anew", () => {
    const opened = open();
    opened.registry.register(P, "/a", bare());
    for (const name of readdirSync(dirname(opened.pidFile)))
      if (name.endsWith(".lock")) unlinkSync(join(dirname(opened.pidFile), name));
    opened.registry.register(deadPid(2), "/a", bare());
    expect(pids(opened.pidFile)).toEqual([P, deadPid(2)]);
    expect(codes(opened)).toEqual([]);
  });
});
