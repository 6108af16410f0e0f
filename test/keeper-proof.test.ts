import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKeeperWriter } from "../dist/index.js";
import type { DiscoveredKeeper, KeeperWriter } from "../lib/types.js";
import {
  exited,
  gone,
  isAlive,
  keeper,
  keeperArgv,
  sleeper,
  start,
  fixture,
  startTalking,
} from "./fixtures/processes.js";
import { codes, newPidFile, open, rows, takeOver, temporaryFolder } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

interface Place {
  folder: string;
  sockPath: string;
  writer: ReturnType<typeof createKeeperWriter>;
  /** What the file beside the socket says. */
  note(pid: number): void;
}

function place(): Place {
  const folder = temporaryFolder();
  const sockPath = join(folder, "s.rpc.sock");
  return {
    folder,
    sockPath,
    writer: createKeeperWriter({ sessionsDir: folder }),
    note: (pid) => writeFileSync(`${sockPath}.pid`, `${pid}`, { mode: 0o600 }),
  };
}

/** A writer of somebody else, which believes pids. */
const believer = (
  keeperPid: number,
  sockPath: string,
  more: Partial<DiscoveredKeeper> = {},
): KeeperWriter => ({
  writeRpcToSockPath: async () => true,
  discoverExistingKeepers: async () => [{ sessionId: "s", keeperPid, sockPath, ...more }],
});

describe("a keeper's file", () => {
  it("counts when the process that listens has its pid", async () => {
    const { sockPath, writer } = place();
    const { keeper: child, pi } = await keeper({ sockPath });
    expect(await writer.discoverExistingKeepers()).toMatchObject([
      { sessionId: "s", keeperPid: child.pid, sockPath, piPid: pi, proved: true },
    ]);
  });

  it("does not count when another process has its pid, though a keeper listens", async () => {
    const { sockPath, writer, note } = place();
    const bystander = sleeper(); // older than the keeper, and our child
    await keeper({ sockPath });
    note(bystander.pid);
    const opened = open({ keeperManager: writer, adoptKeepers: true });
    for (let time = 0; time < 2; time++) await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid: bystander.pid, kin: false }]);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
    expect((await opened.registry.terminate({ pid: bystander.pid })).outcome).toBe("not-ours");
    expect(isAlive(bystander.pid)).toBe(true);
    expect(existsSync(`${sockPath}.pid`)).toBe(true);
    bystander.kill("SIGKILL");
    await waitFor("the entry goes with its process", () => opened.registry.entries().length === 0);
  });

  it("is not believed from anybody's writer", async () => {
    const { sockPath } = place();
    const [bystander] = [sleeper(), await keeper({ sockPath })];
    const keeperManager = believer(bystander.pid, sockPath, { recordedAt: Date.now() });
    const opened = open({ keeperManager, adoptKeepers: true });
    await opened.registry.cleanupKeeperOrphans();
    opened.registry.killAll();
    expect(opened.registry.entries()).toMatchObject([{ pid: bystander.pid, kin: false }]);
    expect(isAlive(bystander.pid)).toBe(true);
  });

  it("is believed from anybody's writer when it is true", async () => {
    const { sockPath } = place();
    const { keeper: child, pi } = await keeper({ sockPath });
    const opened = open({ keeperManager: believer(child.pid, sockPath), adoptKeepers: true });
    await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
    expect((await opened.registry.terminate({ pid: child.pid })).outcome).toBe("exited");
    await Promise.all([gone(child.pid), gone(pi)]);
    expect(codes(opened)).toEqual([]);
  });

  it("is proved later if its keeper had not begun to listen", async () => {
    const { sockPath, writer, note } = place();
    const path = `${sockPath}.later`;
    const child = start([
      "sh",
      "-c",
      'while [ ! -e "$1" ]; do sleep 0.01; done; exec "$2" "$3" "$4"',
      "sh",
      path,
      process.execPath,
      fixture("line-keeper.mjs"),
      sockPath,
    ]);
    note(child.pid);
    const opened = open({ keeperManager: writer, adoptKeepers: true });
    await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: false }]);
    writeFileSync(path, "");
    await waitFor("it listens", () => existsSync(sockPath));
    await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
    expect((await opened.registry.terminate({ pid: child.pid })).outcome).toBe("exited");
  });

  it("is not counted from the moment its keeper is killed", async () => {
    for (let round = 0; round < 12; round++) {
      const { sockPath, writer } = place();
      const { child } = await startTalking([
        process.execPath,
        fixture("line-keeper.mjs"),
        sockPath,
      ]);
      writeFileSync(`${sockPath}.pid`, `${child.pid}`, { mode: 0o600 });
      expect(await writer.discoverExistingKeepers()).toHaveLength(1);
      child.kill("SIGKILL");
      expect(await writer.discoverExistingKeepers()).toEqual([]);
      await exited(child);
      expect(await writer.discoverExistingKeepers()).toEqual([]);
      expect(existsSync(sockPath) || existsSync(`${sockPath}.pid`)).toBe(false);
    }
  });

  it("does not count for a reused pid, though its keeper's child still listens", async () => {
    const { sockPath, writer, note } = place();
    await keeper({ sockPath });
    const later = sleeper();
    note(later.pid);
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(`${sockPath}.pid`, anHourAgo, anHourAgo);
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(existsSync(`${sockPath}.pid`) && existsSync(sockPath)).toBe(true);
  });
});

describe("attaching a keeper", () => {
  it("wants the entry's own process to listen", async () => {
    const { sockPath, writer, note } = place();
    const bystander = sleeper();
    await keeper({ sockPath });
    note(bystander.pid);
    const opened = open({ keeperManager: writer });
    const { registry, pidFile } = opened;
    registry.register(bystander.pid, "/a", bystander, "t");
    registry.linkByToken("t", "s");
    for (let time = 0; time < 2; time++) await registry.cleanupKeeperOrphans();
    expect(rows(pidFile)[0].keeperPid).toBeUndefined();
    expect(await registry.writeRpc("s", "line")).toBe(false);
    expect(codes(opened)).toEqual(["HPR_EUNKNOWN"]);
    expect(opened.warnings[0].message).toContain(sockPath);
    expect((await registry.terminate("s")).outcome).toBe("exited"); // it is ours, keeper or not
  });

  it.each(["its own writer", "anybody's"])("works over a restart, with %s", async (whose) => {
    const { sockPath, writer } = place();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn({ argv: keeperArgv({ sockPath }), talks: true, token: "t" });
    await server.crash();
    const keeperManager = whose === "anybody's" ? believer(pid, sockPath) : writer;
    const opened = takeOver(pidFilePath, { keeperManager });
    await opened.registry.cleanupKeeperOrphans();
    expect(rows(pidFilePath)).toMatchObject([{ pid, keeperPid: pid, keeperSockPath: sockPath }]);
    expect(opened.registry.linkByToken("t", "s")).toBe(true);
    expect(await opened.registry.writeRpc("s", "line")).toBe(true);
    expect(codes(opened)).toEqual([]);
    expect((await opened.registry.terminate("s")).outcome).toBe("exited");
  });
});
