// Ends what servers that are gone have left running: node examples/clean-up.mjs [pid file]
// Agents of servers that are alive are left alone.
import { createHeadlessPidRegistry, readPidFile } from "headless-pid-registry";

const pidFilePath = process.argv[2];
const registry = createHeadlessPidRegistry({ pidFilePath });
registry.on("warning", ({ code, message }) => console.error(`${code}: ${message}`));
registry.cleanupOrphans(); // takes over what has no living server

for (const { pid, outcome, processes } of await registry.shutdown({ graceMs: 5000, tree: true }))
  console.log(`pid ${pid}: ${outcome}, ${processes ?? 0} processes signalled`);
for (const { pid, cwd } of readPidFile(pidFilePath).entries)
  console.log(`pid ${pid} in ${cwd} was left alone`);
