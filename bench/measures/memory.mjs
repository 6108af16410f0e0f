// What one entry costs in memory, heap and native together; each registry in a process of its own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { interleave } from "../rounds.mjs";
import { mallocLibrary } from "../stage.mjs";
import { makers } from "../subjects.mjs";

const LIVE = 10_000;
const ROUNDS = 1; // it hardly varies, and the original takes half a minute

const holder = fileURLToPath(new URL("../holder.mjs", import.meta.url));

async function bytesPerEntry(name) {
  const env = { ...process.env, LD_PRELOAD: mallocLibrary };
  const words = ["--expose-gc", holder, name, LIVE];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env });
  return Number(stdout);
}

export async function measureMemory() {
  const subject = (name) => [name, () => bytesPerEntry(name)];
  const subjects = Object.fromEntries(Object.keys(makers).map(subject));
  const times = await interleave(ROUNDS, subjects, 0);
  return [{ name: "memory per entry", live: LIVE, unit: "bytes", times, wants: { median: 450 } }];
}
