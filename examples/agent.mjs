/**
 * A stand-in for pi in RPC mode: one JSON request a line on stdin, one JSON answer a line on
 * stdout. Like pi it ends with 0 at the end of stdin and with 143 on SIGTERM; with
 * --ignore-sigterm it plays an agent that hangs.
 */
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

process.on("SIGTERM", () => {
  if (process.argv.includes("--ignore-sigterm")) say({ type: "sigterm_ignored" });
  else process.exit(SIGTERM_STATUS);
});
process.stdin.on("close", () => process.exit(0));
onLines(process.stdin, answer);
say({ type: "ready" });
