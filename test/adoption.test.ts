import { describe, expect, it } from "vitest";
import { gone, isAlive, sleeper } from "./fixtures/processes.js";
import { codes, newPidFile, open, type Opened, pids, rows, takeOver } from "./fixtures/registry.js";
import { Server, type SpawnRequest } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

/** A server with one child, and a registry of ours that has seen both. */
async function neighbours(
  request: SpawnRequest = {},
): Promise<{ server: Server; child: number; opened: Opened }> {
  const pidFilePath = newPidFile();
  const server = await Server.start({ pidFilePath });
  const { pid } = await server.spawn(request);
  const opened = takeOver(pidFilePath);
  expect(opened.registry.size()).toBe(0);
  return { server, child: pid, opened };
}

const ownerOf = (opened: Opened): number | undefined => rows(opened.pidFile)[0]?.owner?.pid;

describe("entries of another living server", () => {
  it("are left alone", async () => {
    const { child, opened } = await neighbours();
    opened.registry.cleanupOrphans();
    opened.registry.killAll();
    expect(isAlive(child)).toBe(true);
    expect(pids(opened.pidFile)).toEqual([child]);
    expect(codes(opened)).toEqual([]);
  });

  it("are adopted when it dies, without another call", async () => {
    const { server, child, opened } = await neighbours();
    await server.crash();
    await waitFor("adoption", () => opened.registry.size() === 1);
    expect(opened.registry.entries()).toMatchObject([{ pid: child, state: "live" }]);
    expect(ownerOf(opened)).toBe(process.pid);
    expect(opened.registry.linkByPid("s", child)).toBe(true);
    expect(opened.registry.killBySessionId("s")).toBe(true);
    await gone(child);
    await waitFor("an empty file", () => rows(opened.pidFile).length === 0);
  });

  it("are adopted although its own group lives on", async () => {
    const { server, child, opened } = await neighbours({ detached: false });
    await server.crash();
    await waitFor("adoption", () => opened.registry.size() === 1);
    expect((await opened.registry.terminate({ pid: child })).outcome).toBe("exited");
  });

  it("are adopted if it came after us", async () => {
    const { server, opened } = await neighbours();
    const later = await Server.start({ pidFilePath: opened.pidFile });
    const { pid } = await later.spawn();
    opened.registry.register(2 ** 30, "/mine", sleeper()); // a write of ours meets the newcomer
    await later.crash();
    await waitFor("adoption", () => opened.registry.entries().some((it) => it.pid === pid));
    await server.crash();
    await waitFor("all of them", () => opened.registry.size() === 3);
  });

  it("go to one of those who wait for them", async () => {
    const { server, child, opened } = await neighbours();
    const third = await Server.start({ pidFilePath: opened.pidFile });
    await third.call("cleanupOrphans");
    await server.crash();
    await waitFor("a new owner", () => ownerOf(opened) !== server.child.pid);
    expect([process.pid, third.child.pid]).toContain(ownerOf(opened));
    expect(opened.registry.size() + ((await third.call("size")) as number)).toBe(1);
    expect(pids(opened.pidFile)).toEqual([child]);
  });

  it("stay where nobody asked for orphans", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn();
    const { registry } = open({ pidFilePath });
    registry.register(2 ** 30, "/mine", sleeper());
    await server.crash();
    await holdsFor(100, "it is not ours", () => registry.size() === 1);
    expect(pids(pidFilePath)).toEqual([pid, 2 ** 30]);
  });
});
