import os from "node:os";
import { countClaims } from "./claims.mjs";
import { monotonicMs } from "./clock.mjs";
import { Stage } from "./stage.mjs";
import { heading } from "./table.mjs";

/** Rejects when the play must stop early, so that it cleans up all the same. */
function interruption() {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
      process.on(signal, () => {
        process.exitCode = 128 + os.constants.signals[signal];
        reject(new Error(`interrupted by ${signal}`));
      });
    process.on("uncaughtException", reject);
    process.stdout.on("error", reject); // nobody reads on
  });
}

async function playOn(stage, name, play) {
  const startedAtMs = monotonicMs();
  try {
    await Promise.race([play(stage), interruption()]);
    const seconds = ((monotonicMs() - startedAtMs) / 1000).toFixed(1);
    heading(`All ${countClaims()} claims held, in ${seconds} s.`);
    process.exitCode = 0;
  } catch (error) {
    console.error(`\n${name}: ${error.message}\n${stage.logs()}`);
  } finally {
    await stage.close();
  }
}

/** Plays on a stage of its own, clears it and exits: with 0 only if all that is claimed was seen. */
export async function perform(name, play) {
  process.exitCode = 1; // until all has been seen
  try {
    await playOn(new Stage(), name, play);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error.message}`);
  }
  process.exit(); // a step may still wait for what has been cleaned up
}
