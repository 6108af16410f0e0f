import { dyingServer } from "./fixtures/announced.js";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { cli, orphans, PROGRAM } from "./fixtures/cli.js";
import { gone, SLEEP, sleeper } from "./fixtures/processes.js";
import { newPidFile, open, rows, temporaryFolder, writePidFile } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";

interface Finding {
  kind: string;
  severity: string;
  count: number;
  fix: string;
  items: string[];
}

/** A server in it is process 1. */
const container = [
  "unshare",
  ...(process.getuid!() === 0 ? [] : ["-Ur"]),
  "-m",
  "--pid",
  "--fork",
  "--mount-proc",
  "--kill-child",
];

async function findings(pidFile: string): Promise<{ code: number | null; found: Finding[] }> {
  const { code, out } = await cli(pidFile, "doctor", "--json");
  return { code, found: (JSON.parse(out) as { findings: Finding[] }).findings };
}

describe("doctor", () => {
  it("tells each kind once, with a count and a fix", async () => {
    const { pidFile } = await orphans("a", "b", "c", "d", "e", "f", "g");
    const { code, out } = await cli(pidFile, "doctor");
    expect(code).toBe(0);
    expect(out).toMatch(
      /: 1 to look at\n- 7 orphans: their server is gone: session a .*; 2 more\n/,
    );
    expect(out).toMatch(/\n {2}start the server, or headless-pids reap\n$/);
  });

  it.each([
    [0o755, 0, "folder-open"],
    [0o777, 1, "folder-writable"],
  ])("answers to a folder of mode %o with %d", async (mode, expected, kind) => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    chmodSync(dirname(pidFile), mode);
    const { code, found } = await findings(pidFile);
    expect([code, found.map((it) => it.kind)]).toEqual([expected, [kind]]);
  });

  it("judges a folder that is reached through a link, and not the link", async () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    const [folder, link] = [dirname(pidFile), join(temporaryFolder(), "link")];
    symlinkSync(folder, link);
    mkdirSync(join(folder, "keepers"), { mode: 0o700 });
    symlinkSync("keepers", join(folder, "sessions"));
    const byLink = join(link, basename(pidFile));
    expect(await findings(byLink)).toEqual({ code: 0, found: [] });
    chmodSync(folder, 0o777);
    chmodSync(join(folder, "keepers"), 0o777);
    const { code, found } = await findings(byLink);
    const kinds = found.map((it) => it.kind);
    expect([code, kinds]).toEqual([1, ["folder-writable", "sessions-unusable"]]);
  });

  it("answers 1 to a lock that other users may hold", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    expect(await findings(pidFile)).toEqual({ code: 0, found: [] });
    chmodSync(`${pidFile}.lock`, 0o644);
    const { code, found } = await findings(pidFile);
    expect([code, found.map((it) => it.kind)]).toEqual([1, ["lock-open"]]);
  });

  it("has nothing to say where there is no file yet, and no folder", async () => {
    expect(await findings(newPidFile())).toEqual({ code: 0, found: [] });
  });

  it("answers 1 to a folder of keepers that others may write to, which no server uses", async () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    const sessions = join(dirname(pidFile), "sessions");
    mkdirSync(sessions);
    chmodSync(sessions, 0o777);
    const { code, found } = await findings(pidFile);
    expect(code).toBe(1);
    expect(found).toMatchObject([{ kind: "sessions-unusable", severity: "problem" }]);
  });

  it("finds what a dead session has left running by its mark, and nobody else", async () => {
    const { registry, pidFile } = open();
    const marked = (token: string) =>
      sleeper({ env: { ...process.env, ...registry.spawnEnv(token) } });
    const known = marked("known");
    registry.register(known.pid, "/work", known, "known");
    const announced = marked("announced"); // may be registered at any moment
    const tool = marked("over");
    registry.register(tool.pid, "/work", tool, "over");
    registry.remove(tool.pid);
    const other = open();
    sleeper({ env: { ...process.env, ...other.registry.spawnEnv("over") } }); // of another file
    const { code, found } = await findings(pidFile);
    expect(announced.pid).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(found).toMatchObject([
      { kind: "leftover-process", count: 1, items: [`pid ${tool.pid}, ${SLEEP.join(" ")}`] },
    ]);
  });

  it("finds the orphan that a dead server did not live to register", async () => {
    const pidFile = newPidFile();
    const pid = await dyingServer(pidFile, `say(start("announced", ["sleep", "300"]).pid);`);
    const { code, found } = await findings(pidFile);
    expect(code).toBe(0);
    expect(found).toMatchObject([{ kind: "entry-orphan", count: 1, items: [`pid ${pid}`] }]);
  });

  it("tells of a supervisor that would end the agents with their server", async () => {
    const pidFile = newPidFile();
    const asPm2 = ["env", "pm_id=0", "treekill=true"];
    const server = await Server.start({ pidFilePath: pidFile }, undefined, asPm2);
    const { pid } = await server.spawn();
    const { code, found } = await findings(pidFile);
    expect(code).toBe(0);
    const owner = rows(pidFile)[0].owner!.pid;
    expect(found).toMatchObject([{ kind: "supervisor-pm2", items: [`server ${owner}`] }]);
    await server.crash();
    process.kill(pid, "SIGKILL");
    await gone(pid);
  });

  it("tells that the server is process 1, with which the system ends all agents", async ({
    skip,
  }) => {
    const inside = [...container, "true"];
    if (spawnSync(inside[0], inside.slice(1)).status !== 0) skip("no containers can be made here");
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile }, undefined, container);
    await server.spawn();
    const argv = [process.execPath, PROGRAM, "doctor", "--json", "--pid-file", pidFile];
    const { said } = await server.spawn({ argv, talks: true });
    const { healthy, findings } = JSON.parse(said) as { healthy: boolean; findings: Finding[] };
    expect(healthy).toBe(true);
    expect(findings.map((it) => it.kind)).toEqual(["supervisor-init"]);
    await server.crash();
  });

  it("does not mind pm2 where that spares the agents", async () => {
    const pidFile = newPidFile();
    const asPm2 = ["env", "pm_id=0", "treekill=false"];
    const server = await Server.start({ pidFilePath: pidFile }, undefined, asPm2);
    await server.spawn();
    expect((await findings(pidFile)).found).toEqual([]);
  });
});
