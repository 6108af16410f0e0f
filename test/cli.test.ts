import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { canScript, cli, onTerminal, orphans, PROGRAM, runToEnd } from "./fixtures/cli.js";
import {
  deadPid,
  gone,
  isAlive,
  keeperArgv,
  sleeper,
  stray,
  STUBBORN,
} from "./fixtures/processes.js";
import {
  ago,
  DAY_MS,
  editRows,
  newPidFile,
  open,
  pids,
  rows,
  temporaryFolder,
  writePidFile,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { asPlainUser, theirFolder, unreachable } from "./fixtures/users.js";
import { waitFor } from "./fixtures/wait.js";

/** The entry says that it is of a process that was there before. */
const makeStranger = (pidFile: string, pid: number): void =>
  editRows(pidFile, (row) => {
    row.pid = pid;
    delete row.keeperPid;
  });

const listed = async (pidFile: string): Promise<Record<string, unknown>[]> =>
  (JSON.parse((await cli(pidFile, "list", "--json")).out) as { entries: Record<string, unknown>[] })
    .entries;

describe("headless-pids", () => {
  it("tells its version and how it is used", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await runToEnd([process.execPath, PROGRAM, "--version"])).toEqual({
      code: 0,
      out: `${version}\n`,
      err: "",
    });
    expect((await runToEnd([process.execPath, PROGRAM, "--help"])).out).toContain("Exit codes:");
    for (const command of ["list", "tree", "kill", "reap", "forget", "doctor"]) {
      const { code, out } = await runToEnd([process.execPath, PROGRAM, command, "--help"]);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: headless-pids ${command}`);
    }
  });

  it.each([
    [[]],
    [["lisst"]],
    [["toString"]],
    [["list", "--nonsense"]],
    [["list", "--yes"]],
    [["list", "more"]],
    [["kill"]],
    [["kill", "a", "--all"]],
    [["kill", "a", "--signal", "USR1"]],
    [["kill", "a", "--grace", "soon"]],
    [["inspect"]],
    [["wait"]],
    [["completion", "tcsh"]],
    [["reap", "--older-than", "2 days"]],
  ])("answers 2 to %j and touches nothing", async (args) => {
    const pidFile = newPidFile();
    const { code, out, err } = await cli(pidFile, ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("--help");
    expect(() => readdirSync(dirname(pidFile))).toThrow();
  });

  it("answers 4 to a file that must not be read", async () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    const link = `${pidFile}.link`;
    symlinkSync(pidFile, link);
    for (const args of [["list"], ["tree"], ["kill", "s", "--yes"], ["reap", "--yes"]]) {
      const { code, err } = await cli(link, ...args);
      expect(code, args[0]).toBe(4);
      expect(err).not.toContain("    at ");
    }
    expect((await cli(link, "doctor")).code).toBe(1);
  });

  it("answers 4 to a file that was named and is not there, and makes none", async () => {
    const pidFile = newPidFile();
    for (const args of [["list"], ["tree"], ["kill", "s", "--yes"], ["reap", "--yes"], ["forget"]])
      expect(await cli(pidFile, ...args), args[0]).toEqual({
        code: 4,
        out: "",
        err: `headless-pids: no such file: ${pidFile}\n`,
      });
    expect((await cli(pidFile, "doctor")).code).toBe(0);
    expect(() => statSync(pidFile)).toThrow();
  });
});

describe("list", () => {
  it("shows nothing of the usual file if that is not there", async () => {
    const HOME = temporaryFolder();
    expect(await runToEnd([process.execPath, PROGRAM, "list"], { HOME })).toEqual({
      code: 0,
      out: `no entries in ${HOME}/.pi/dashboard/headless-pids.json\n`,
      err: "",
    });
    expect(readdirSync(HOME)).toEqual([]);
  });

  it("shows the sessions of a server that is gone, without their tokens", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const before = readFileSync(pidFile, "utf8");
    const { code, out } = await cli(pidFile, "list");
    expect(code).toBe(0);
    const [head, alpha, beta, end] = out.split("\n");
    expect(head.split(/ +/)).toEqual([
      "SESSION",
      "PID",
      "AGENT",
      "STATE",
      "OWNER",
      "AGE",
      "CPU",
      "MEM",
      "FOLDER",
      "COMMAND",
    ]);
    expect(alpha).toMatch(
      new RegExp(
        `^alpha +${left[0]} +- +live +\\d+ gone +\\d+s +\\d+(\\.\\d)?% +\\d+(\\.\\d)?[KM] +/work/alpha +sleep 300$`,
      ),
    );
    expect(beta).toContain(String(left[1]));
    expect(end).toBe("");
    expect(out).not.toContain("token-");
    expect(readFileSync(pidFile, "utf8")).toBe(before);
  });

  it("tells a living server's entry from an orphan", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    expect(await listed(pidFile)).toMatchObject([
      { pid: child.pid, state: "live", verdict: "same", owner: "alive", ownerPid: process.pid },
    ]);
  });

  it("watches until it is stopped", async () => {
    const { pidFile } = await orphans("alpha");
    const script = `"$0" "$@" & watch=$!; while ! test -s "$OUT" || test "$(grep -c alpha "$OUT")" -lt 2; do sleep 0.05; done; kill $watch`;
    const OUT = join(dirname(pidFile), "out");
    const argv = [
      "sh",
      "-c",
      `exec 3>&1; exec >"$OUT"; ${script}`,
      process.execPath,
      PROGRAM,
      "list",
      "--watch",
      "--pid-file",
      pidFile,
    ];
    expect((await runToEnd(argv, { OUT })).err).toBe("");
    expect(readFileSync(OUT, "utf8").match(/alpha/g)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe("a hostile file", () => {
  const NASTY = "\u001b[2J\u001b]0;title\u0007\r\u009b31m\u202e\u007fx";
  const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

  it("sends no control character to the terminal", async () => {
    const { pidFile } = await orphans("alpha");
    editRows(pidFile, (row) => {
      row.sessionId = `s${NASTY}`;
      row.cwd = `/w${NASTY}`;
    });
    const text = readFileSync(pidFile, "utf8")
      .replace("\n]", "")
      .replace(/\]\}?\s*$/, "");
    writePidFile(pidFile, `${text},{"pid":-1,"cwd":${JSON.stringify(NASTY)}}]}`);
    for (const args of [
      ["list"],
      ["list", "--json"],
      ["tree"],
      ["doctor"],
      ["kill", NASTY, "--yes"],
      ["reap", "--dry-run"],
    ]) {
      const { out, err } = await cli(pidFile, ...args);
      expect(out, args[0]).not.toMatch(raw);
      expect(err, args[0]).not.toMatch(raw);
    }
    expect((await listed(pidFile))[0].cwd).toBe(`/w${NASTY}`);
  });

  it.each(["null", "[]", '{"entries":{}}', "{", '{"entries":[null,"x",{"pid":0},{"pid":"1"}]}'])(
    "%s makes no command fail, and nothing is written",
    async (text) => {
      const pidFile = newPidFile();
      writePidFile(pidFile, text);
      for (const args of [["list"], ["list", "--json"], ["tree"], ["reap", "--yes"]])
        expect((await cli(pidFile, ...args)).code, args[0]).toBe(0);
      expect((await cli(pidFile, "kill", "1", "--yes")).code).toBe(1);
      expect((await cli(pidFile, "doctor")).code).toBe(1);
      expect(readFileSync(pidFile, "utf8")).toBe(text);
      expect(readdirSync(dirname(pidFile))).toEqual(["headless-pids.json"]);
    },
  );
});

describe("tree", () => {
  it("shows a keeper's pi under it, with CPU and memory", async () => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile });
    const argv = keeperArgv({});
    const { pid, said } = await server.spawn({
      argv,
      socketPath: "/k.sock",
      talks: true,
      token: "t",
    });
    const { pi } = JSON.parse(said) as { pi: number };
    await server.call("linkByToken", "t", "alpha", pi);
    const { code, out } = await cli(pidFile, "tree");
    expect(code).toBe(0);
    expect(out).toMatch(/^session alpha /);
    expect(out).toMatch(new RegExp(`^  ${pid}  \\d+% cpu  \\d+\\.\\d MiB  .*keeper`, "m"));
    expect(out).toMatch(new RegExp(`^    ${pi}  \\d+% cpu  \\d+\\.\\d MiB  sleep 300$`, "m"));
  });
});

describe("kill", () => {
  it.each([
    ["a session", () => "alpha"],
    ["a token", () => "token-alpha"],
    ["a pid", (pid: number) => String(pid)],
  ])("ends the entry of %s and drops it from the file", async (_, name) => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const { code, out } = await cli(pidFile, "kill", name(left[0]), "--yes");
    expect([code, out]).toEqual([
      0,
      `session alpha (pid ${left[0]}): ended\ndropped from the file: 1\n`,
    ]);
    await gone(left[0]);
    expect(isAlive(left[1])).toBe(true);
    expect(pids(pidFile)).toEqual([left[1]]);
  });

  it("sends SIGKILL to one that does not end", async () => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile });
    const { pid } = await server.spawn({ argv: STUBBORN, talks: true });
    await server.crash();
    const { code, out } = await cli(pidFile, "kill", String(pid), "--yes");
    expect(code).toBe(0);
    expect(out).toContain("killed");
    await gone(pid);
  });

  it("is heard of by the server, if that lives", async () => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile });
    const { pid } = await server.spawn();
    expect((await cli(pidFile, "kill", String(pid), "--yes")).code).toBe(0);
    await gone(pid);
    await waitFor("the server has taken it out", () => rows(pidFile).length === 0);
    expect(await server.call("size")).toBe(0);
  });

  it("answers 1 if no entry has that name, or its process is gone", async () => {
    const { pidFile, left } = await orphans("alpha");
    expect((await cli(pidFile, "kill", "nobody", "--yes")).code).toBe(1);
    expect((await cli(pidFile, "kill", "", "--yes")).code).toBe(2);
    process.kill(left[0], "SIGKILL");
    await gone(left[0]);
    expect((await cli(pidFile, "kill", "alpha", "--yes")).code).toBe(1);
  });

  it("refuses a name that several have, and lists them", async () => {
    const { pidFile, left } = await orphans("alpha", "token-alpha");
    const { code, out, err } = await cli(pidFile, "kill", "token-alpha", "--yes");
    expect(code).toBe(3);
    expect(err).toContain("several");
    for (const pid of left) {
      expect(out).toContain(String(pid));
      expect(isAlive(pid)).toBe(true);
    }
  });

  it("refuses without --yes where nobody can be asked", async () => {
    const { pidFile, left } = await orphans("alpha");
    for (const args of [["kill", "alpha"], ["reap"]]) {
      const { code, err } = await cli(pidFile, ...args);
      expect(code).toBe(3);
      expect(err).toContain("--yes");
    }
    expect(isAlive(left[0])).toBe(true);
  });

  it("refuses what was no child of its server", async () => {
    const { registry, pidFile } = open();
    const pid = await stray();
    registry.register(pid, "/work", sleeper());
    const { code, out } = await cli(pidFile, "kill", String(pid), "--yes");
    expect(code).toBe(3);
    expect(out).toContain("not ours");
    expect(isAlive(pid)).toBe(true);
  });
});

describe("a stranger in the file", () => {
  it("is signalled by neither kill nor reap", async () => {
    const { pidFile } = await orphans("alpha");
    const stranger = sleeper();
    makeStranger(pidFile, stranger.pid);
    expect((await listed(pidFile))[0].verdict).toBe("stranger");
    for (const name of ["alpha", String(stranger.pid)])
      expect((await cli(pidFile, "kill", name, "--yes")).code, name).toBe(3);
    expect(isAlive(stranger.pid)).toBe(true);
    expect(rows(pidFile)).toHaveLength(1);
    expect((await cli(pidFile, "reap", "--yes")).out).toBe(
      "no orphans\ndropped from the file: 1\n",
    );
    expect(rows(pidFile)).toEqual([]);
    expect(isAlive(stranger.pid)).toBe(true);
    expect(stranger.signalCode).toBeNull();
  });

  it("is not signalled under a keeper's or pi's pid either", async () => {
    const { pidFile, left } = await orphans("alpha");
    const stranger = sleeper();
    editRows(pidFile, (row) => {
      row.piPid = row.keeperPid = stranger.pid;
      row.piIdentity = row.keeperIdentity = row.identity;
    });
    expect((await cli(pidFile, "reap", "--yes")).code).toBe(0);
    await gone(left[0]);
    expect(isAlive(stranger.pid)).toBe(true);
  });
});

describe.each(["kill", "reap"])("%s --tree", (command) => {
  it.each([
    { tree: true, dead: false },
    { tree: true, dead: true },
    { tree: false, dead: false },
  ])(
    "ends what the session has started with it, or leaves it ($tree), if itself has gone ($dead)",
    async ({ tree, dead }) => {
      const pidFile = newPidFile();
      const server = await Server.start({ pidFilePath: pidFile });
      // The second one has lost its parent: only its mark tells.
      const script = `export PI_DASHBOARD_SPAWN_TOKEN=t; setsid sleep 300 >/dev/null & child=$!
        orphan=$(setsid sh -c 'sleep 300 >/dev/null & echo $!'); sleep 0.1
        echo $child $orphan; exec sleep 300`;
      const argv = ["sh", "-c", script];
      const { pid, said } = await server.spawn({ argv, talks: true, token: "t" });
      const tools = said.split(" ").map(Number);
      await server.crash();
      if (dead) process.kill(pid, "SIGKILL");
      if (dead) await gone(pid);
      const target = command === "kill" ? ["t"] : [];
      const { code } = await cli(pidFile, command, ...target, ...(tree ? ["--tree"] : []), "--yes");
      expect(code).toBe(0);
      await gone(pid);
      expect(tools.map(isAlive)).toEqual([!tree, !tree]);
    },
  );
});

it.each(["kill", "reap"])(
  "%s --tree leaves a session that has a dead one's token",
  async (command) => {
    const pidFile = newPidFile();
    const [dead, alive] = [
      await Server.start({ pidFilePath: pidFile }),
      await Server.start({ pidFilePath: pidFile }),
    ];
    const { pid: before } = await dead.spawn({ token: "t" });
    await dead.crash();
    process.kill(before, "SIGKILL");
    await gone(before);
    const script = `export PI_DASHBOARD_SPAWN_TOKEN=t
    orphan=$(setsid sh -c 'sleep 300 >/dev/null & echo $!'); echo $orphan; exec sleep 300`;
    const { pid, said } = await alive.spawn({
      argv: ["sh", "-c", script],
      talks: true,
      token: "t",
    });
    const { out } = await cli(
      pidFile,
      command,
      ...(command === "kill" ? [`${before}`] : []),
      "--tree",
      "--yes",
    );
    expect(out).not.toContain(`${before}`); // nothing is left of it alone
    expect([pid, Number(said)].map(isAlive)).toEqual([true, true]);
  },
);

describe("reap", () => {
  it("ends orphans and leaves a living server's children alone", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const server = await Server.start({ pidFilePath: pidFile });
    const { pid } = await server.spawn();
    expect((await cli(pidFile, "reap", "--yes")).code).toBe(0);
    await Promise.all(left.map(gone));
    expect(isAlive(pid)).toBe(true);
    expect(pids(pidFile)).toEqual([pid]);
  });

  it("ends only those that are old enough", async () => {
    const { pidFile, left } = await orphans("old", "young");
    const [old] = rows(pidFile);
    editRows(pidFile, (row) => {
      if (row.pid === old.pid) row.spawnedAt = ago(3 * DAY_MS);
    });
    expect((await cli(pidFile, "reap", "--older-than", "2d", "--yes")).code).toBe(0);
    await gone(left[0]);
    expect(isAlive(left[1])).toBe(true);
  });

  it("does nothing in a dry run", async () => {
    const { pidFile, left } = await orphans("alpha");
    const before = readFileSync(pidFile, "utf8");
    const { code, out } = await cli(pidFile, "reap", "--dry-run");
    expect(code).toBe(0);
    expect(out).toContain(String(left[0]));
    expect(isAlive(left[0])).toBe(true);
    expect(readFileSync(pidFile, "utf8")).toBe(before);
  });

  it("leaves entries alone that do not name their server", async () => {
    const { pidFile, left } = await orphans("alpha");
    editRows(pidFile, (row) => delete row.owner);
    expect((await cli(pidFile, "reap", "--yes")).out).toBe("no orphans\n");
    expect(isAlive(left[0])).toBe(true);
    expect(rows(pidFile)).toHaveLength(1);
  });
});

describe("forget", () => {
  /** Rows of another container: its pid namespace, and no lock that anybody holds here. */
  const moveAway = (pidFile: string): void =>
    editRows(pidFile, (row) => {
      row.identity!.birth = row.identity!.birth!.replace(/^\d+/, "1");
      row.owner = { ...row.owner!, birth: row.owner!.birth!.replace(/^\d+/, "1") };
    });

  it("drops what only another host could judge, and ends nothing", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const { registry } = open({ pidFilePath: pidFile });
    moveAway(pidFile);
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    const before = readFileSync(pidFile, "utf8");
    expect((await cli(pidFile, "forget", "--dry-run")).out).toContain("foreign");
    expect((await cli(pidFile, "forget")).code).toBe(3);
    expect(readFileSync(pidFile, "utf8")).toBe(before);
    const { code, out } = await cli(pidFile, "forget", "--yes");
    expect([code, out]).toEqual([0, expect.stringContaining("dropped from the file: 2")]);
    expect(pids(pidFile)).toEqual([child.pid]);
    expect(left.every(isAlive)).toBe(true);
    expect(await cli(pidFile, "forget", "--yes")).toMatchObject({
      code: 0,
      out: "nothing to forget\n",
    });
  });

  it("leaves the entries of a server alone that proves that it lives", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    moveAway(pidFile);
    expect((await cli(pidFile, "forget", "--yes")).out).toBe("nothing to forget\n");
    expect(pids(pidFile)).toEqual([child.pid]);
  });
});

describe("doctor", () => {
  it("finds nothing wrong with a server's file", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    expect(await cli(pidFile, "doctor")).toMatchObject({
      code: 0,
      out: `${pidFile}: nothing is wrong\n`,
    });
  });

  it("names what is wrong, and changes nothing", async () => {
    const { pidFile } = await orphans("alpha");
    const folder = dirname(pidFile);
    const keeper = sleeper();
    writeFileSync(`${pidFile}.corrupt-1700000000000`, "{");
    writeFileSync(`${pidFile}.0123456789abcdef.7.tmp`, "{");
    writeFileSync(`${pidFile}.mine.tmp`, "");
    mkdirSync(join(folder, "sessions"));
    writeFileSync(join(folder, "sessions", "a.rpc.sock.pid"), String(keeper.pid));
    writeFileSync(join(folder, "sessions", "b.rpc.sock.pid"), String(deadPid(1)));
    const { code, out } = await cli(pidFile, "doctor");
    expect(code).toBe(0); // none of it keeps a server from writing
    for (const part of [
      "5 to look at",
      "session alpha",
      "orphan",
      ".corrupt-1700000000000",
      ".0123456789abcdef.7.tmp",
      `pid ${keeper.pid}`,
      "b.rpc.sock.pid",
    ])
      expect(out).toContain(part);
    expect(out).not.toContain("mine");
    expect(readdirSync(folder)).toHaveLength(8);
    expect(isAlive(keeper.pid)).toBe(true);
  });

  it.each([".lock", ".owners", ""])(
    "names a file that keeps every server from writing (…%s)",
    async (suffix) => {
      const pidFile = newPidFile();
      mkdirSync(dirname(pidFile), { recursive: true, mode: 0o700 });
      mkdirSync(`${pidFile}${suffix}`); // whoever we are, it is no file that we can write
      const { code, out } = await cli(pidFile, "doctor");
      expect(code).toBe(1);
      expect(out).toContain(`${pidFile}${suffix} is no regular file`);
      expect(out).toContain("remove it");
    },
  );

  it("names a folder that cannot be written, or made", ({ skip }) => {
    const reason = unreachable();
    if (reason) skip(reason);
    const folder = theirFolder();
    chmodSync(folder, 0o555);
    for (const pidFile of [join(folder, "pids.json"), join(folder, "a", "b", "pids.json")]) {
      const [command, ...args] = [
        ...asPlainUser,
        process.execPath,
        PROGRAM,
        "doctor",
        "--pid-file",
        pidFile,
      ];
      const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
      expect(stdout).toContain(`the folder ${folder} cannot be written`);
      expect(status).toBe(1);
    }
  });

  it("tells of a stranger, a bad entry and an open file", async () => {
    const { pidFile } = await orphans("alpha");
    makeStranger(pidFile, sleeper().pid);
    const text = readFileSync(pidFile, "utf8").replace(
      '{"entries":[',
      '{"entries":[{"pid":-1,"cwd":"/"},',
    );
    writePidFile(pidFile, text);
    chmodSync(pidFile, 0o644);
    const { code, out } = await cli(pidFile, "doctor");
    expect(code).toBe(1);
    for (const part of ["3 to look at", "another process has its pid", "is not valid", "chmod 600"])
      expect(out).toContain(part);
  });
});

describe.skipIf(!canScript)("on a terminal", () => {
  it("asks before it kills, and a no is a no", async () => {
    const { pidFile, left } = await orphans("alpha");
    for (const answer of ["n\n", "\n", "\u0004"]) {
      const { code, shown } = await onTerminal(answer, pidFile, ["kill", "alpha"]);
      expect(shown).toContain("End session alpha");
      expect(code, JSON.stringify(answer)).toBe(3);
    }
    expect(isAlive(left[0])).toBe(true);
    expect((await onTerminal("y\n", pidFile, ["kill", "alpha"])).code).toBe(0);
    await gone(left[0]);
  });

  it("asks once before it reaps", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const { code, shown } = await onTerminal("yes\n", pidFile, ["reap"]);
    expect(code).toBe(0);
    expect(shown.match(/\[y\/N\]/g)).toHaveLength(1);
    await Promise.all(left.map(gone));
  });

  it("has colours, and none with NO_COLOR or off a terminal", async () => {
    const { pidFile } = await orphans("alpha");
    const coloured = "\u001b[32mlive";
    expect((await onTerminal("", pidFile, ["list"])).shown).toContain(coloured);
    expect((await onTerminal("", pidFile, ["list"], { NO_COLOR: "1" })).shown).not.toContain(
      "\u001b[",
    );
    expect((await cli(pidFile, "list")).out).not.toContain("\u001b");
  });
});
