/**
 * A server of the soak: node --expose-gc server.mjs <sessions folder> <pid file>. It does what the
 * driver asks over Node's IPC channel, one command a message, and may be killed at any moment.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  createHeadlessPidRegistry,
  createKeeperWriter,
  keeperOptsFromSpawnResult,
} from "headless-pid-registry";
import { serve } from "./serve.mjs";

const GRACE_MS = 300;
const STUBBORN = ["sh", "-c", 'trap "" TERM INT HUP; exec sleep 300'];
const AGENTS = { plain: ["sleep", "300"], stubborn: STUBBORN };
const KEEPER = fileURLToPath(new URL("../../examples/demo/keeper.mjs", import.meta.url));

const [sessionsDir, pidFilePath] = process.argv.slice(2);
const keeperManager = createKeeperWriter({ sessionsDir });
const registry = createHeadlessPidRegistry({
  pidFilePath,
  keeperManager,
  adoptKeepers: true,
  killGraceMs: GRACE_MS,
});
const told = { exits: 0, warnings: {} };
registry.on("exit", () => told.exits++);
registry.on("warning", ({ code }) => (told.warnings[code] = (told.warnings[code] ?? 0) + 1));

/** Everything that is started carries its session's name, so that the driver knows whose it is. */
function start({ name, agent, kept }) {
  const keeperSockPath = kept ? path.join(sessionsDir, `${name}.rpc.sock`) : undefined;
  const command = AGENTS[agent];
  const argv = kept ? [process.execPath, KEEPER, keeperSockPath, "/dev/null", ...command] : command;
  const env = { ...process.env, HPR_SOAK_SESSION: name };
  const child = spawn(argv[0], argv.slice(1), { detached: true, stdio: "ignore", env });
  const keeper = keeperOptsFromSpawnResult({ pid: child.pid, keeperSockPath });
  registry.register(child, { cwd: sessionsDir, spawnToken: name, keeper });
  return child.pid;
}

/** By one of the tiers; a keeper's pi is known once the keeper has written its pid down. */
async function link({ name, tier }) {
  const found = (await keeperManager.discoverExistingKeepers()).find((it) => it.sessionId === name);
  if (tier === "token") return registry.linkByToken(name, name, found?.piPid);
  if (tier === "cwd") return registry.linkSession(name, sessionsDir);
  const entry = registry.entries().find((it) => it.spawnToken === name);
  return entry ? registry.linkByPid(name, entry.pid) : false;
}

/** The entry of that rank among the live ones. */
function nth(rank) {
  const live = registry.entries().filter((it) => it.state === "live");
  return live.length > 0 ? live[rank % live.length] : undefined;
}

serve({
  start,
  link,
  async clean() {
    registry.cleanupOrphans();
    await registry.cleanupKeeperOrphans();
  },
  kill({ rank }) {
    const entry = nth(rank);
    if (entry?.sessionId) return registry.killBySessionId(entry.sessionId);
    return entry?.spawnToken ? registry.killByToken(entry.spawnToken) : false;
  },
  async terminate({ rank }) {
    const entry = nth(rank);
    return entry ? (await registry.terminate({ pid: entry.pid })).outcome : "nobody";
  },
  async terminateAll() {
    await Promise.all(registry.entries().map(({ pid }) => registry.terminate({ pid })));
  },
  async write({ rank }) {
    const entry = nth(rank);
    return entry?.sessionId ? registry.writeRpc(entry.sessionId, "{}") : false;
  },
  shutDown: () => registry.killAll(),
  entries: () => registry.entries(),
  told: () => told,
  /** Bytes of JavaScript's heap that are in use, and of what it holds outside. */
  heap() {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
});
