/**
 * A server that runs agents, as small as it can be: what a dashboard does with the registry. It is
 * told what to do over Node's IPC channel, one command a message, by whoever forked it:
 * node server.mjs <run folder> <pid file> <grace ms>
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import {
  createHeadlessPidRegistry,
  createKeeperWriter,
  keeperOptsFromSpawnResult,
} from "headless-pid-registry";
import { monotonicMs } from "./clock.mjs";
import { spawnPlain, spawnThroughKeeper } from "./sessions.mjs";

const [folder, pidFilePath, graceMs] = process.argv.slice(2);
const onWarning = (warning) => tell({ event: "warning", warning });
const keepers = createKeeperWriter({ sessionsDir: folder, onWarning });
const registry = createHeadlessPidRegistry({
  pidFilePath,
  keeperManager: keepers,
  killGraceMs: Number(graceMs),
});
registry.on("exit", (exit) => tell({ event: "exit", exit, atMs: monotonicMs() }));
registry.on("warning", onWarning);

const commands = {
  async start({ name, cwd, kind }) {
    const inFolder = (suffix) => path.join(folder, name + suffix);
    const paths = { cwd, logPath: inFolder(".log"), fifoPath: inFolder(".fifo") };
    const socketPath = kind === "keeper" ? inFolder(".rpc.sock") : undefined;
    const child = socketPath
      ? spawnThroughKeeper({ ...paths, socketPath })
      : spawnPlain({ ...paths, stubborn: kind === "stubborn" });
    await once(child, "spawn");
    const spawnToken = randomUUID();
    const keeper = keeperOptsFromSpawnResult({ pid: child.pid, keeperSockPath: socketPath });
    registry.register(child, { cwd, spawnToken, keeper });
    return { pid: child.pid, spawnToken, socketPath, logPath: paths.logPath };
  },

  /** An agent has reported in; the most exact name that it gave decides. Answers by which tier. */
  sessionRegister({ sessionId, spawnToken, pid, cwd }) {
    if (spawnToken && registry.linkByToken(spawnToken, sessionId, pid)) return "token";
    if (pid && registry.linkByPid(sessionId, pid)) return "pid";
    if (cwd && registry.linkSession(sessionId, cwd)) return "cwd";
    return "none";
  },

  async reclaim() {
    registry.cleanupOrphans();
    await registry.cleanupKeeperOrphans();
    return registry.size();
  },

  /** Both at the same moment: the ones that are quick to end are still to be seen. */
  kill(sessionIds) {
    const delivered = sessionIds.map((sessionId) => registry.killBySessionId(sessionId));
    return { delivered, entries: registry.entries() };
  },

  /** Of a session's keeper; undefined as long as there is none. */
  async piPid(name) {
    const found = await keepers.discoverExistingKeepers();
    return found.find((keeper) => keeper.sessionId === name)?.piPid;
  },

  entries: () => registry.entries(),
  getPid: (sessionId) => registry.getPid(sessionId),
  terminate: (sessionId) => registry.terminate(sessionId, { tree: true }),
  writeRpc: ({ sessionId, line }) => registry.writeRpc(sessionId, line),
};

process.on("message", async ({ id, command, argument }) => {
  try {
    tell({ id, result: await commands[command](argument) });
  } catch (error) {
    tell({ id, error: error.message });
  }
});

/** Whoever commanded us is done, or dead: no session may outlive that. */
process.on("disconnect", async () => {
  await registry.shutdown({ tree: true });
  process.exit(); // a child that may not be ended must not hold us
});

function tell(message) {
  if (process.connected) process.send?.(message, () => {}); // "disconnect" tells of a failure
}

tell({ event: "ready" });
