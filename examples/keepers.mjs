// Sends a line to an agent that outlives this program: node examples/keepers.mjs <session> <line>
// The first call starts the session under a keeper; later calls find that keeper again.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  createHeadlessPidRegistry,
  createKeeperWriter,
  keeperOptsFromSpawnResult,
} from "headless-pid-registry";

const [session, line] = process.argv.slice(2);
mkdirSync("sessions", { recursive: true, mode: 0o700 });
const keepers = createKeeperWriter({ sessionsDir: "sessions" });
const registry = createHeadlessPidRegistry({ pidFilePath: "agents.json", keeperManager: keepers });
registry.cleanupOrphans();
await registry.cleanupKeeperOrphans();

function start() {
  const socket = `${process.cwd()}/sessions/${session}.rpc.sock`;
  const demo = (name) => fileURLToPath(new URL(`demo/${name}`, import.meta.url));
  const argv = [demo("keeper.mjs"), socket, `${socket}.log`, process.execPath, demo("agent.mjs")];
  const keeper = spawn(process.execPath, argv, { detached: true, stdio: "ignore" });
  const sidecar = keeperOptsFromSpawnResult({ pid: keeper.pid, keeperSockPath: socket });
  registry.register(keeper, { cwd: process.cwd(), keeper: sidecar });
  keeper.unref(); // it outlives us
  return Number(keeper.pid);
}

const known = (await keepers.discoverExistingKeepers()).find((it) => it.sessionId === session);
registry.linkByPid(session, known?.keeperPid ?? start());
while (!(await registry.writeRpc(session, line))) await pause(100); // until the keeper listens
console.log(`pid ${registry.getPid(session)} has got the line`);
