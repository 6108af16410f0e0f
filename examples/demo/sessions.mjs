/** How a server starts agents that outlive it. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** pi where PI_BIN names it; but no real agent hangs on demand, so the stubborn one is ours. */
function agentCommand(stubborn) {
  if (process.env.PI_BIN && !stubborn) return [process.env.PI_BIN, "--mode", "rpc", "--no-session"];
  return [process.execPath, here("agent.mjs"), ...(stubborn ? ["--ignore-sigterm"] : [])];
}

/** In a session of its own, so that no signal to the server's group reaches it. */
/** @param {string[]} command */
function spawnDetached(command, cwd, stdio) {
  return spawn(command[0], command.slice(1), { cwd, stdio, detached: true });
}

/**
 * An agent without a keeper. Its stdin is a FIFO that it holds open for writing itself: no end of
 * a server is the end of its input.
 */
export function spawnPlain({ cwd, fifoPath, logPath, stubborn }) {
  execFileSync("mkfifo", ["-m", "600", fifoPath]);
  const input = openSync(fifoPath, "r+");
  const log = openSync(logPath, "a", 0o600);
  try {
    return spawnDetached(agentCommand(stubborn), cwd, [input, log, log]);
  } finally {
    closeSync(input);
    closeSync(log);
  }
}

/** An agent under a keeper; the keeper is the child. */
export function spawnThroughKeeper({ cwd, socketPath, logPath }) {
  const log = openSync(logPath, "a", 0o600);
  const keeper = [process.execPath, here("keeper.mjs"), socketPath, logPath, ...agentCommand()];
  try {
    return spawnDetached(keeper, cwd, ["ignore", log, log]);
  } finally {
    closeSync(log);
  }
}
