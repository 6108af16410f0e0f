import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "./clock.mjs";

const INTERVAL_MS = 5;
const LIMIT_MS = 5000;

/** Resolves to the first truthy answer of `ask`; rejects, naming `what`, if none comes in time. */
export async function waitFor(what, ask, limitMs = LIMIT_MS) {
  const end = monotonicMs() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (monotonicMs() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await pause(INTERVAL_MS);
  }
}
