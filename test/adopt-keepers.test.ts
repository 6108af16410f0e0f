import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKeeperWriter } from "../lib/index.js";
import type { DiscoveredKeeper, KeeperWriter } from "../lib/types.js";
import { gone, isAlive, keeper, keeperArgv, stray } from "./fixtures/processes.js";
import { codes, newPidFile, open, pids, rows, temporaryFolder } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

/** A writer that found this. */
const finder = (...found: Array<Partial<DiscoveredKeeper>>): KeeperWriter => ({
  writeRpcToSockPath: async () => true,
  discoverExistingKeepers: async () =>
    found.map((it) => ({ sessionId: "s", keeperPid: 0, sockPath: "/k.sock", ...it })),
});

const HOUR_MS = 60 * 60 * 1000;

describe("adoptKeepers", () => {
  it("makes entries of keepers whose pid file was lost", async () => {
    const [lost, folder] = [newPidFile(), temporaryFolder()];
    const keeperSockPath = join(folder, "s.rpc.sock");
    const server = await Server.start({ pidFilePath: lost });
    const { pid, said } = await server.spawn({
      argv: keeperArgv({ sockPath: keeperSockPath }),
      talks: true,
    });
    const { pi } = JSON.parse(said) as { pi: number };
    await server.crash();
    rmSync(lost);
    const keeperManager = createKeeperWriter({ sessionsDir: folder });
    const opened = open({ pidFilePath: lost, keeperManager, adoptKeepers: true });
    const { registry } = opened;
    await registry.cleanupKeeperOrphans();
    await registry.cleanupKeeperOrphans(); // it has an entry now
    const entry = { pid, keeperPid: pid, piPid: pi, keeperSockPath, cwd: process.cwd(), kin: true };
    expect(registry.entries()).toMatchObject([entry]);
    expect(registry.entries()[0].sessionId).toBeUndefined();
    expect(rows(lost)).toMatchObject([{ pid, keeperPid: pid, piPid: pi, keeperSockPath }]);

    expect(registry.linkByPid("s", pi)).toBe(true);
    expect((await registry.terminate("s")).outcome).toBe("exited");
    await Promise.all([gone(pid), gone(pi)]);
    await waitFor("an empty file", () => rows(lost).length === 0);
    expect(codes(opened)).toEqual([]);
  });

  it("is off unless it is asked for", async () => {
    const { keeper: child } = await keeper({});
    const { registry } = open({ keeperManager: finder({ keeperPid: child.pid }) });
    await registry.cleanupKeeperOrphans();
    expect(registry.size()).toBe(0);
    expect(() => open({ adoptKeepers: 1 as never })).toThrow("adoptKeepers");
  });

  it("leaves another living server's keeper alone", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const request = { argv: keeperArgv({}), talks: true, token: "t", socketPath: "/k.sock" };
    const { pid, said } = await server.spawn(request);
    const { pi } = JSON.parse(said) as { pi: number };
    await server.call("linkByToken", "t", "s", pi);
    for (const keeperPid of [pid, pi]) {
      const keeperManager = finder({ keeperPid, recordedAt: Date.now() });
      const { registry } = open({ pidFilePath, keeperManager, adoptKeepers: true });
      await registry.cleanupKeeperOrphans();
      expect(registry.size()).toBe(0);
    }
    expect(pids(pidFilePath)).toEqual([pid]);
  });

  it("does not signal a keeper that is not proved to listen", async () => {
    const pid = await stray();
    const opened = open({ keeperManager: finder({ keeperPid: pid }), adoptKeepers: true });
    const { registry } = opened;
    await registry.cleanupKeeperOrphans();
    expect(registry.entries()).toMatchObject([{ pid, kin: false }]);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
    registry.linkByPid("s", pid);
    expect((await registry.terminate("s")).outcome).toBe("not-ours");
    expect(isAlive(pid)).toBe(true);
  });

  it("does not take a process that started later for the keeper", async () => {
    const { keeper: child } = await keeper({});
    const recordedAt = Date.now() - HOUR_MS;
    const keeperManager = finder({ keeperPid: child.pid, recordedAt });
    const { registry, exits } = open({ keeperManager, adoptKeepers: true });
    await registry.cleanupKeeperOrphans();
    expect(registry.size()).toBe(0);
    expect(exits).toEqual([]);
    expect(isAlive(child.pid)).toBe(true);
  });

  it("leaves out a pi that is not the keeper's relative", async () => {
    const sockPath = join(temporaryFolder(), "s.rpc.sock");
    const { keeper: child } = await keeper({ sockPath });
    const keeperManager = finder({ keeperPid: child.pid, sockPath, piPid: await stray() });
    const { registry } = open({ keeperManager, adoptKeepers: true });
    await registry.cleanupKeeperOrphans();
    expect(registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
    expect(registry.entries()[0].piPid).toBeUndefined();
  });

  it("warns of what no keeper can be, and goes on", async () => {
    const { keeper: child } = await keeper({});
    const found = [{ keeperPid: 1 }, { keeperPid: child.pid, recordedAt: "x" as never }];
    const keeperManager = finder(...found, { keeperPid: child.pid });
    const opened = open({ keeperManager, adoptKeepers: true });
    await opened.registry.cleanupKeeperOrphans();
    expect(codes(opened)).toEqual(["HPR_EINVAL", "HPR_EINVAL", "HPR_ENOTKIN"]);
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid }]);
  });
});
