import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Agents, IGNORE } from "./fixtures/agents.js";
import { cli, orphans, PROGRAM } from "./fixtures/cli.js";
import { gone, isAlive, sleeper, STUBBORN } from "./fixtures/processes.js";
import { ago, DAY_MS, editRows, newPidFile, pids } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

/** Says which signal came first, and ends. */
const TELLS = [
  process.execPath,
  "-e",
  `for (const it of ["SIGTERM", "SIGINT", "SIGHUP"])
     process.on(it, () => { require("fs").writeFileSync(process.argv[1], it); process.exit(); });
   console.log("ready"); setTimeout(() => {}, 3e5);`,
];

describe("kill", () => {
  it("ends several, and says which it did not find", async () => {
    const { pidFile, left } = await orphans("alpha", "beta", "gamma");
    const { code, out, err } = await cli(pidFile, "kill", "alpha", "nobody", "beta", "--yes");
    expect(code).toBe(1);
    expect(err).toBe("headless-pids: no such session, token or PID: nobody\n");
    expect(out).toContain("session alpha");
    await Promise.all([gone(left[0]), gone(left[1])]);
    expect(isAlive(left[2])).toBe(true);
    expect(pids(pidFile)).toEqual([left[2]]);
  });

  it("ends one that is named twice once", async () => {
    const { pidFile, left } = await orphans("alpha");
    const { code, out } = await cli(pidFile, "kill", "alpha", String(left[0]), "--yes");
    expect([code, out.match(/ended/g)]).toEqual([0, ["ended"]]);
  });

  it("ends all with --all, and nothing where there is nothing", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const stranger = sleeper();
    editRows(pidFile, (row) => {
      if (row.sessionId === "beta") row.pid = stranger.pid;
    });
    expect((await cli(pidFile, "kill", "--all", "--yes")).code).toBe(0);
    await gone(left[0]);
    expect(isAlive(stranger.pid)).toBe(true);
    const { code, out } = await cli(pidFile, "kill", "--all", "--yes");
    expect([code, out]).toEqual([0, "nothing to end\n"]);
  });

  it("takes the PIDs that list --quiet prints", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const { out } = await cli(pidFile, "list", "--quiet", "--orphans");
    expect((await cli(pidFile, "kill", ...out.trim().split("\n"), "--yes")).code).toBe(0);
    await Promise.all(left.map(gone));
  });

  it.each([
    [["--signal", "hup"], "SIGHUP"],
    [["-s", "SIGINT"], "SIGINT"],
    [[], "SIGTERM"],
  ])("sends the signal that was asked for (%j)", async (args, signal) => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile });
    const note = `${pidFile}.signal`;
    const { pid } = await server.spawn({ argv: [...TELLS, note], talks: true });
    await server.crash();
    expect((await cli(pidFile, "kill", String(pid), "--yes", ...args)).code).toBe(0);
    expect(readFileSync(note, "utf8")).toBe(signal);
  });

  it("waits for the grace time before SIGKILL, and no longer", async () => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile });
    const { pid } = await server.spawn({ argv: STUBBORN, talks: true });
    await server.crash();
    const began = Date.now();
    const { code, out } = await cli(pidFile, "kill", String(pid), "--grace", "0s", "--yes");
    expect(code).toBe(0);
    expect(out).toContain("killed");
    expect(Date.now() - began).toBeLessThan(2000);
  });
});

describe("an end that a server had begun", () => {
  const begun = async () => {
    const pidFile = newPidFile();
    const agents = new Agents();
    const server = await Server.start({ pidFilePath: pidFile, killGraceMs: 60_000 });
    const argv = agents.argv("agent", { atTerm: IGNORE });
    const { pid } = await server.spawn({ argv, token: "t" });
    await agents.up("agent");
    expect(await server.call("killByToken", "t")).toBe(true);
    await waitFor("the first signal", () => agents.asked("agent") > 0);
    return { pidFile, agents, server, pid };
  };

  it.each(["lives", "has died"])(
    "is joined, without a second first signal, if it %s",
    async (how) => {
      const { pidFile, agents, server, pid } = await begun();
      if (how === "has died") await server.crash();
      const { out } = await cli(pidFile, "kill", String(pid), "--grace", "500ms", "--yes");
      expect(out).toContain("killed");
      expect(agents.asked("agent")).toBe(1);
    },
  );

  it("is joined by reap", async () => {
    const { pidFile, agents, server } = await begun();
    await server.crash();
    expect((await cli(pidFile, "reap", "--older-than", "0s", "--yes")).code).toBe(0);
    expect(agents.lives("agent")).toBe(false);
    expect(agents.asked("agent")).toBe(1);
  });
});

describe("reap --older-than", () => {
  it("says how many are younger, and leaves them", async () => {
    const { pidFile, left } = await orphans("old", "young", "younger");
    editRows(pidFile, (row) => {
      if (row.pid === left[0]) row.spawnedAt = ago(3 * DAY_MS);
    });
    const { code, out } = await cli(pidFile, "reap", "--older-than", "48h", "--yes");
    expect(code).toBe(0);
    expect(out).toContain("2 orphans are younger than 2d, and left alone\n");
    await gone(left[0]);
    expect(left.map(isAlive)).toEqual([false, true, true]);
  });
});

describe("wait", () => {
  it("returns when the last of them has ended", async () => {
    const { pidFile, left } = await orphans("alpha", "beta");
    const args = ["wait", "alpha", "beta", "--pid-file", pidFile];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    process.kill(left[0], "SIGKILL");
    await waitFor("it tells of the first", () => out.includes("alpha"));
    expect(child.exitCode).toBeNull();
    process.kill(left[1], "SIGKILL");
    expect((await once(child, "close"))[0]).toBe(0);
    expect(out).toMatch(/session beta \(pid \d+\) has ended\n$/);
  });

  it("answers 3 when the time is over, 1 to nobody's name, 0 to what is gone", async () => {
    const { pidFile, left } = await orphans("alpha");
    expect((await cli(pidFile, "wait", "alpha", "--timeout", "100ms")).code).toBe(3);
    expect((await cli(pidFile, "wait", "nobody")).code).toBe(1);
    process.kill(left[0], "SIGKILL");
    await gone(left[0]);
    expect((await cli(pidFile, "wait", "alpha")).code).toBe(0);
  });
});
