import { describe, expect, it } from "vitest";
import { cli, orphans } from "./fixtures/cli.js";
import { gone, sleeper, STUBBORN } from "./fixtures/processes.js";
import { editRows, newPidFile, open } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";

interface Inspected {
  verdict: string;
  proofs: { about: string; pid: number; proof: string; said: string; meaning: string }[];
  signals: { kind: string; reason?: string; pids: number[] };
  events: { at: string; event: string }[];
}

async function inspected(pidFile: string, name: string | number): Promise<Inspected> {
  const { out } = await cli(pidFile, "inspect", String(name), "--json");
  return (JSON.parse(out) as { entries: Inspected[] }).entries[0];
}

const said = ({ proofs }: Inspected, about: string, proof: string): string | undefined =>
  proofs.find((it) => it.about === about && it.proof === proof)?.said;

describe("inspect", () => {
  it("tells who an entry's process is, and each proof of it", async () => {
    const { pidFile, left } = await orphans("alpha");
    const { code, out } = await cli(pidFile, "inspect", "alpha");
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^session alpha \\(pid ${left[0]}\\)\n`));
    expect(out).toContain("same: the process that was recorded");
    expect(out).toMatch(/^ {4}boot +same +recorded in this boot of this host$/m);
    expect(out).toMatch(/^ {4}lock +free +nobody holds the registry's lock: it has ended$/m);
    expect(out).toContain(`the process group ${left[0]}`);
    expect(out).not.toContain("token-alpha");
    const entry = await inspected(pidFile, left[0]);
    expect(said(entry, "registered", "start")).toBe("same");
    expect(said(entry, "registered", "mark")).toBe("absent");
    expect(entry.signals).toEqual({ kind: "group", pids: [left[0]] });
    expect(entry.events).toMatchObject([{ event: "registered" }]);
    expect(entry.proofs.every((it) => it.meaning.includes(" "))).toBe(true);
  });

  it("tells a stranger by the proof that fails", async () => {
    const { pidFile } = await orphans("alpha");
    const stranger = sleeper();
    editRows(pidFile, (row) => (row.pid = stranger.pid));
    const entry = await inspected(pidFile, "alpha");
    expect(entry.verdict).toBe("stranger");
    expect(said(entry, "registered", "number")).toBe("held");
    expect(["other", "gone"]).toContain(said(entry, "registered", "name"));
    expect(entry.signals).toMatchObject({ kind: "none", pids: [] });
  });

  it("tells another boot and another container", async () => {
    const { pidFile } = await orphans("alpha", "beta");
    editRows(pidFile, (row) => {
      if (row.sessionId === "alpha") row.identity!.boot = "00000000-0000-4000-8000-000000000000";
      else row.identity!.birth = row.identity!.birth!.replace(/^\d+/, "1");
    });
    expect(said(await inspected(pidFile, "alpha"), "registered", "boot")).toBe("other");
    expect(said(await inspected(pidFile, "beta"), "registered", "namespace")).toBe("other");
  });

  it("tells what proves an entry of the original module", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    registry.close();
    editRows(pidFile, (row) => {
      for (const name of Object.keys(row))
        if (!["pid", "cwd", "spawnedAt"].includes(name)) delete row[name];
    });
    const entry = await inspected(pidFile, child.pid);
    expect(said(entry, "registered", "record")).toBe("none");
    expect(said(entry, "registered", "folder")).toBe("other");
    expect(said(entry, "registered", "time")).toBe("in");
    expect(entry.signals.kind).toBe("none");
  });

  it("tells of a living owner, an end that was asked for, and a group that is left", async () => {
    const pidFile = newPidFile();
    const server = await Server.start({ pidFilePath: pidFile, killGraceMs: 60_000 });
    const { pid } = await server.spawn({ argv: STUBBORN, talks: true, token: "t" });
    await server.call("killByToken", "t");
    const ending = await inspected(pidFile, pid);
    expect(said(ending, "owner", "lock")).toBe("held");
    expect(ending.events.at(-1)!.event).toMatch(/^asked to end: SIGTERM to 1 process/);
    const began = Date.parse(ending.events.at(-1)!.at);
    expect(Math.abs(Date.now() - began)).toBeLessThan(30_000);
    const argv = ["sh", "-c", "sleep 300 & echo $!; exec sleep 300"];
    const agent = await server.spawn({ argv, talks: true, token: "u" });
    await server.crash();
    process.kill(agent.pid, "SIGKILL");
    await gone(agent.pid);
    const rest = await inspected(pidFile, "u");
    expect(rest.verdict).toBe("group");
    expect(rest.signals).toEqual({ kind: "group", pids: [Number(agent.said)] });
  });

  it("answers 1 to a name that nobody has, and shows the others", async () => {
    const { pidFile } = await orphans("alpha");
    const { code, out, err } = await cli(pidFile, "inspect", "nobody", "alpha");
    expect([code, err]).toEqual([1, "headless-pids: no such session, token or PID: nobody\n"]);
    expect(out).toContain("session alpha");
  });
});
