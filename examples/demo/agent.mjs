/**
 * A stand-in for pi in RPC mode: one JSON request a line on stdin, one JSON answer a line on
 * stdout. Like pi it ends with 0 at the end of stdin and with 143 on SIGTERM; with
 * --ignore-sigterm it plays an agent that hangs, and that has started a tool in a session of its own.
 */
import { spawn } from "node:child_process";
import { onLines, parseLine } from "./lines.mjs";

const SIGTERM_STATUS = 128 + 15;

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function state() {
  return { pid: process.pid, cwd: process.cwd(), uptimeMs: Math.round(process.uptime() * 1000) };
}

function answer(line) {
  if (line.trim() === "") return;
  const request = parseLine(line);
  const { id, type: command } = request ?? { type: "parse" };
  const known = command === "get_state";
  const result = known ? { data: state() } : { error: request ? "unknown command" : "not JSON" };
  say({ id, type: "response", command, success: known, ...result });
}

const hangs = process.argv.includes("--ignore-sigterm");

process.on("SIGTERM", () => {
  if (hangs) say({ type: "sigterm_ignored" });
  else process.exit(SIGTERM_STATUS);
});
process.stdin.on("close", () => process.exit(0));
onLines(process.stdin, answer);
if (hangs) {
  const tool = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  say({ type: "tool", pid: tool.pid });
}
say({ type: "ready" });
