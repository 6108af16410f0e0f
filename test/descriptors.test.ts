import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gone, isAlive } from "./fixtures/processes.js";
import { newPidFile, rows } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

const LIMIT = 128;
const MANY = 120;

/** As many processes as a server has descriptors, left behind by one that had more. */
async function abandoned(): Promise<{ pidFilePath: string; pids: number[] }> {
  const pidFilePath = newPidFile();
  const server = await Server.start({ pidFilePath });
  const pids = [];
  for (let i = 0; i < MANY; i++) pids.push((await server.spawn()).pid);
  await server.crash();
  return { pidFilePath, pids };
}

const descriptorsOf = (server: Server): number =>
  readdirSync(`/proc/${server.child.pid}/fd`).length;

describe("a server with few descriptors and many orphans", () => {
  it("keeps half of them for itself, says so once, and notices every exit", async () => {
    const { pidFilePath, pids } = await abandoned();
    const server = await Server.start({ pidFilePath }, LIMIT);
    await server.call("cleanupOrphans");
    expect(await server.call("size")).toBe(MANY);
    expect(descriptorsOf(server)).toBeLessThan(LIMIT / 2 + 10);
    expect((await server.warnings()).map((it) => it.code)).toEqual(["HPR_EPOLLED"]);

    const own = (await server.spawn()).pid; // which takes descriptors
    const ended = [pids[0], pids[MANY - 1]];
    for (const pid of ended) process.kill(pid, "SIGKILL");
    const left = [...pids.slice(1, -1), own];
    const listed = (): number[] => rows(pidFilePath).map((row) => row.pid);
    await waitFor("both exits", () => listed().length === left.length);
    expect(listed()).toEqual(left);

    await server.call("killAll");
    for (const pid of left) await gone(pid);
    expect(pids.some(isAlive)).toBe(false);
    expect((await server.warnings()).length).toBe(1);
  });
});
