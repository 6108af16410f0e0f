/**
 * 100 agents with six tools each, started in six ways, are ended at once with all that they have
 * started: nobody is left, no bystander is touched. `npm run soak:crowd`; on two cores that do nothing
 * else it should take less than 3 s and the grace, which is told and not judged.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { waitFor } from "../../examples/demo/wait.mjs";
import { createHeadlessPidRegistry } from "../../dist/index.js";

const AGENTS = 100;
const TOOLS = 6;
const home = mkdtempSync("/tmp/hpr-crowd-");
const notes = path.join(home, "notes");
mkdirSync(notes);

/** Notes the tool's pid, and stays. */
const tool = `echo $$ > ${notes}/$$.new; mv ${notes}/$$.new ${notes}/$$; exec sleep 300`;
const ways = [
  `sh -c '${tool}' &`,
  `setsid sh -c '${tool}' &`,
  `(setsid sh -c '(${tool}) & exit 0' &)`,
  `nohup sh -c '${tool}' >/dev/null 2>&1 &`,
  `setsid env -i PATH=$PATH sh -c '${tool}' &`,
  `setsid sh -c 'setsid sh -c "${tool.replaceAll("$$", "\\$\\$")}"; true' &`,
];

const started = () => readdirSync(notes).filter((name) => !name.endsWith(".new"));

function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function startAgent(registry) {
  const token = `token-of-the-crowd-${randomUUID()}`;
  const child = spawn("sh", ["-c", `${ways.join("\n")}\nwait\nexec sleep 300`], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, ...registry.spawnEnv(token) },
  });
  registry.register(child.pid, "/", child, token);
}

const registry = createHeadlessPidRegistry({
  pidFilePath: path.join(home, "pids.json"),
  tree: true,
});
const bystanders = Array.from({ length: 20 }, () => spawn("sleep", ["300"], { stdio: "ignore" }));
for (let i = 0; i < AGENTS; i++) startAgent(registry);
await waitFor("all tools", () => started().length === AGENTS * TOOLS, 120_000);
const tools = started();
const begun = performance.now();
const results = await registry.shutdown();
const tookMs = Math.round(performance.now() - begun);
const left = tools.filter(isAlive).length;
const touched = bystanders.filter((it) => it.exitCode !== null || it.signalCode !== null).length;
for (const it of bystanders) it.kill("SIGKILL");
rmSync(home, { recursive: true });
console.log(
  `crowd: ${results.length} agents and ${tools.length} tools ended in ${tookMs} ms, ` +
    `${left} left, ${touched} bystanders touched`,
);
process.exitCode = left > 0 || touched > 0 ? 1 : 0;
