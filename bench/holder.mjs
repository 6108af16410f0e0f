// holder.mjs NAME COUNT: fills a registry and prints its bytes per entry.
import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";
import v8 from "node:v8";
import { NOWHERE, deadPid, folderOf, fresh, makers } from "./subjects.mjs";

const [name, count] = [process.argv[2], Number(process.argv[3])];

/** What the garbage collector leaves, and what malloc has given out; see malloc.c. */
function used() {
  for (let i = 0; i < 4; i++) gc?.();
  return v8.getHeapStatistics().used_heap_size + process.ppid * 1024;
}

/** The caller's own objects; a registry does not pay for them, so they are there before it. */
function prepare(size, first) {
  const spawned = () => ({ process: new EventEmitter(), token: fresh(randomUUID()) });
  const children = Array.from({ length: size }, spawned);
  const registry = makers[name]({ pidFilePath: NOWHERE });
  registry.on?.("warning", () => {});
  return { registry, children, first };
}

function fill({ registry, children, first }) {
  children.forEach(({ process, token }, i) => {
    const copies = [folderOf(i), token].map(fresh);
    registry.register(deadPid(first + i), copies[0], process, copies[1]);
  });
}

// The first one brings Node itself to rest: code compiled, modules' leftovers collected.
const [rest, measured] = [prepare(1000, count), prepare(count, 0)];
globalThis.kept = [rest, measured];
fill(rest);
const before = used();
fill(measured);
console.log((used() - before) / count);
process.exit(measured.registry.size() === count ? 0 : 1);
