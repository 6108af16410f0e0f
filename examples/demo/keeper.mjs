/**
 * A keeper sidecar: node keeper.mjs <socket> <log> <agent> [argument...]
 *
 * It owns the agent's stdin, so that the agent outlives the server: an RPC agent ends with its
 * stdin. Every line that arrives at the socket goes to the agent; what the agent says goes to the
 * log, so that an answer is not lost with the connection that asked. The keeper's own pid stands in
 * <socket>.pid, by which servers find it. It ends when its agent does, and logs how that ended.
 */
import { spawn } from "node:child_process";
import { openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import { onLines } from "./lines.mjs";

/** A longer path would be cut off by the system, or refused with a misleading message. */
const SOCKET_PATH_MAX_BYTES = 107;

function main(socketPath, logPath, command, ...args) {
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_MAX_BYTES)
    fail(`the socket's path is longer than ${SOCKET_PATH_MAX_BYTES} bytes: ${socketPath}`);
  const pidFile = `${socketPath}.pid`;
  const log = openSync(logPath, "a", 0o600);
  const agent = startAgent(command, args, log);
  const server = createServer((connection) => serve(connection, agent));
  server.on("error", (error) => {
    agent.kill();
    fail(error.message);
  });
  // bind() creates the socket with these bits at once; a chmod afterwards would come too late.
  process.umask(0o177);
  server.listen(socketPath, () => writeFileSync(pidFile, String(process.pid)));
  process.on("SIGTERM", () => agent.kill());
  agent.on("exit", (code, signal) => {
    server.close(); // unlinks the socket
    rmSync(pidFile, { force: true });
    writeSync(log, `${JSON.stringify({ type: "agent_exit", code, signal })}\n`);
    process.exit(code ?? 128 + os.constants.signals[signal ?? "SIGKILL"]);
  });
}

/** Not detached: whoever ends the keeper's group ends the agent too. */
function startAgent(command, args, log) {
  const agent = spawn(command, args, { stdio: ["pipe", log, log] });
  agent.on("error", (error) => fail(`cannot start ${command}: ${error.message}`));
  agent.stdin.on("error", () => {}); // it is ending; its exit says the rest
  return agent;
}

function serve(connection, agent) {
  connection.on("error", () => {}); // the client's loss alone
  onLines(connection, (line) => agent.stdin.write(`${line}\n`));
}

function fail(text) {
  console.error(`keeper: ${text}`);
  process.exit(1);
}

const [socketPath, logPath, command, ...args] = process.argv.slice(2);
main(socketPath, logPath, command, ...args);
