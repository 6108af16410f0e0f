/**
 * npm run soak [-- --seconds N --seed S]: servers that use the package as servers do are killed and
 * restarted while sessions come and go. At the end no process of the run may be alive that neither
 * a registry nor the pid file knows, and the server that lived through it all may not have grown.
 * Ends with 1 if one of these promises is broken.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { Soak } from "./run.mjs";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, seed: { type: "string" } },
});
const seconds = Number(values.seconds);
const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error("--seconds N --seed S: two numbers");
console.log(`soak: ${seconds} s, seed ${seed}`);
const soak = new Soak(seed);
try {
  const { memory, warnings, ...it } = await soak.run(seconds);
  console.log(
    `soak: ${it.servers} servers, ${it.started} sessions started, ${it.killed} asked to end, ` +
      `${it.crashed} crashed or stopped, ${it.exits} exits told, ${it.lost} never registered`,
  );
  console.log(`soak: warnings ${JSON.stringify(warnings)}`);
  console.log(
    `soak: descriptors ${it.descriptors.join(" before, ")} after; heap ` +
      `${it.heap.map((bytes) => `${(bytes / 1024).toFixed(0)} KiB`).join(" before, ")} after; ` +
      `resident ${memory.last} KiB, slope ${memory.slope.toFixed(0)} KiB a minute`,
  );
  console.log("soak: nothing unknown, nothing left");
} catch (error) {
  console.error(`soak: seed ${seed}: ${error.stack}`);
  process.exitCode = 1;
} finally {
  await soak.close();
}
process.exit();
