// The command line knows whom a dead server did not live to register, as an orphan.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { announcedTokens, announcingServer, dyingServer } from "./fixtures/announced.js";
import { cli } from "./fixtures/cli.js";
import { carriersOf, gone, isAlive } from "./fixtures/processes.js";
import { newPidFile, takeOver } from "./fixtures/registry.js";
import { waitFor } from "./fixtures/wait.js";

/** An agent with a tool in a session of its own; its pid. */
const AGENT = (token: string): string =>
  `say(start(${JSON.stringify(token)}, ["sh", "-c", "setsid sleep 300 & exec sleep 300"]).pid);`;

async function lostAgent(): Promise<{ pidFile: string; token: string; pid: number }> {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const pid = (await dyingServer(pidFile, AGENT(token))) as number;
  await waitFor("its tool", () => carriersOf(token).length === 2);
  return { pidFile, token, pid };
}

const listed = async (pidFile: string): Promise<unknown[]> =>
  (JSON.parse((await cli(pidFile, "list", "--json")).out) as { entries: unknown[] }).entries;

describe("what a dead server had announced", () => {
  it("is listed and inspected as an orphan, and what a living one has is not", async () => {
    const { pidFile, pid } = await lostAgent();
    const living = await announcingServer(newPidFile(), AGENT(randomUUID()));
    expect(await listed(pidFile)).toMatchObject([{ pid, owner: "gone", kin: true }]);
    const { code, out } = await cli(pidFile, "inspect", String(pid), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ missing: [], entries: [{ pid, owner: "gone" }] });
    await living.kill();
  });

  it("is of no entry while its server lives", async () => {
    const pidFile = newPidFile();
    const server = await announcingServer(pidFile, AGENT(randomUUID()));
    expect(await listed(pidFile)).toEqual([]);
    await server.kill();
  });

  it.each([["reap"], ["kill"]])(
    "is ended by %s, and what it leaves is no agent",
    async (command) => {
      const { pidFile, token, pid } = await lostAgent();
      const names = command === "kill" ? [token] : [];
      const { code, out } = await cli(pidFile, command, ...names, "--yes");
      expect(code).toBe(0);
      expect(out).toContain(`pid ${pid}: ended`);
      await gone(pid);
      expect(carriersOf(token)).toHaveLength(1);
      expect(announcedTokens(pidFile)).toEqual([]);
      expect(await listed(pidFile)).toEqual([]);
      expect(takeOver(pidFile).registry.size()).toBe(0);
    },
  );

  it("is ended with all that it has started", async () => {
    const { pidFile, token } = await lostAgent();
    const { code } = await cli(pidFile, "reap", "--tree", "--yes");
    expect(code).toBe(0);
    expect(carriersOf(token).filter(isAlive)).toEqual([]);
  });
});
