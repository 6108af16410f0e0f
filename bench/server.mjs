// server.mjs PACKAGE_FILE BASELINE_FILE LOG LEASH COUNT: a server that registers agents and dies.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { spawn } from "node:child_process";
import { createBaseline } from "./baseline.mjs";
import { agentProgram } from "./stage.mjs";

const [packageFile, baselineFile, log, leash, count] = process.argv.slice(2);
const { createHeadlessPidRegistry } = createRequire(import.meta.url)("../dist/index.js");
const registries = [
  createHeadlessPidRegistry({ pidFilePath: packageFile }),
  createBaseline({ pidFilePath: baselineFile }),
];
const pids = [];
for (let i = 0; i < Number(count); i++) {
  const agent = spawn(agentProgram, [log, leash], { detached: true, stdio: "ignore" });
  const token = randomUUID();
  for (const registry of registries)
    registry.register(agent.pid, `/home/user/projects/project-${i % 50}`, agent, token);
  pids.push(agent.pid);
}
process.stdout.write(JSON.stringify(pids), () => process.exit());
