import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "./clock.mjs";

const INTERVAL_MS = 5;
const LIMIT_MS = 60_000; // an emulated processor is slow

function lateError(what, limitMs) {
  return new Error(`waited ${limitMs} ms in vain for ${what}`);
}

/** Resolves to the first truthy answer of `ask`; rejects, naming `what`, if none comes in time. */
export async function waitFor(what, ask, limitMs = LIMIT_MS) {
  const end = monotonicMs() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (monotonicMs() > end) throw lateError(what, limitMs);
    await pause(INTERVAL_MS);
  }
}

/** Settles as `promise` does; rejects, naming `what`, if that takes too long. */
export async function inTime(what, promise, limitMs = LIMIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(lateError(what, limitMs)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
