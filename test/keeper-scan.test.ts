/** What looking for keepers costs, and what it does where the system answers as ours does not. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type * as binding from "../lib/binding.js";
import { createHeadlessPidRegistry, createKeeperWriter } from "../lib/index.js";
import type { HeadlessWarning } from "../lib/types.js";
import { deadPid, keeper } from "./fixtures/processes.js";
import { newPidFile, temporaryFolder } from "./fixtures/registry.js";

/** Paths on a dead mount, whose looks never come back; whether folders are shared; what was asked. */
const system = vi.hoisted(() => ({
  dead: new Set<string>(),
  shared: false,
  surveys: 0,
  looks: [] as string[],
}));

vi.mock("../lib/binding.js", async (original) => {
  const real = await original<typeof binding>();
  const connectToKeeper: typeof real.connectToKeeper = (sockPath, ...rest) => {
    system.looks.push(sockPath);
    return system.dead.has(sockPath) || real.connectToKeeper(sockPath, ...rest);
  };
  const isSharedFolder: typeof real.isSharedFolder = (folder, told) => {
    if (!system.dead.has(folder)) setImmediate(told, system.shared);
    return true;
  };
  const listProcesses = () => (system.surveys++, real.listProcesses());
  return { ...real, connectToKeeper, isSharedFolder, listProcesses };
});

beforeEach(() => {
  Object.assign(system, { shared: false, surveys: 0, looks: [] });
  system.dead.clear();
});

interface Place {
  folder: string;
  warnings: HeadlessWarning[];
  writer: ReturnType<typeof createKeeperWriter>;
  sockPath(session: string): string;
}

function place(): Place {
  const folder = temporaryFolder();
  const warnings: HeadlessWarning[] = [];
  const writer = createKeeperWriter({ sessionsDir: folder, onWarning: (it) => warnings.push(it) });
  return { folder, warnings, writer, sockPath: (session) => join(folder, `${session}.rpc.sock`) };
}

const note = (sockPath: string, pid: number): void =>
  writeFileSync(`${sockPath}.pid`, `${pid}`, { mode: 0o600 });

describe("looking for keepers", () => {
  it("costs one look at all processes, and one at each socket that somebody listens on", async () => {
    const { writer, sockPath } = place();
    const { keeper: child } = await keeper({ sockPath: sockPath("live") });
    for (let i = 0; i < 400; i++) note(sockPath(`stale-${i}`), deadPid(i));
    const keeperManager = writer;
    const registry = createHeadlessPidRegistry({
      pidFilePath: newPidFile(),
      keeperManager,
      adoptKeepers: true,
    });
    await registry.cleanupKeeperOrphans();
    expect(registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
    registry.close();
    expect(system.surveys).toBe(1);
    expect(system.looks.filter((it) => it === sockPath("live"))).toHaveLength(1);
    expect(
      existsSync(`${sockPath("stale-0")}.pid`) || existsSync(`${sockPath("stale-399")}.pid`),
    ).toBe(false);
  });

  it("costs no look at processes in a folder without files of keepers", async () => {
    await place().writer.discoverExistingKeepers();
    expect(system.surveys).toBe(0);
  });

  it("removes nothing from a folder that other hosts may share", async () => {
    system.shared = true;
    const { writer, sockPath } = place();
    note(sockPath("away"), deadPid(1));
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(existsSync(`${sockPath("away")}.pid`)).toBe(true);
  });

  it("finds the others when one keeper's socket is on a dead mount", async () => {
    const { writer, sockPath, warnings } = place();
    const { keeper: child } = await keeper({ sockPath: sockPath("live") });
    system.dead.add(sockPath("away"));
    note(sockPath("away"), deadPid(1));
    const found = await writer.discoverExistingKeepers();
    expect(found).toMatchObject([{ keeperPid: child.pid, proved: true }]);
    expect(existsSync(`${sockPath("away")}.pid`)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it("gives a folder up that does not answer", async () => {
    const { folder, writer, warnings } = place();
    system.dead.add(folder);
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(warnings).toMatchObject([{ code: "HPR_EIO" }]);
  });
});

describe("a line for a keeper whose socket is on a dead mount", () => {
  it("is given up, by one thread for all of them, and others arrive", async () => {
    const { writer, sockPath } = place();
    await keeper({ sockPath: sockPath("live") });
    system.dead.add(sockPath("away"));
    const away = [1, 2, 3].map((n) => writer.writeRpcToSockPath(sockPath("away"), `${n}`));
    expect(await writer.writeRpcToSockPath(sockPath("live"), "line")).toBe(true);
    expect(await Promise.all(away)).toEqual([false, false, false]);
    expect(system.looks.filter((it) => it === sockPath("away"))).toHaveLength(1);
  });
});
