// holder.mjs NAME COUNT: fills a registry and prints its bytes per entry.
import { readFileSync } from "node:fs";
import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";
import v8 from "node:v8";
import { NOWHERE, deadPid, folderOf, makers } from "./subjects.mjs";

const [name, count] = [process.argv[2], Number(process.argv[3])];

/** What the garbage collector leaves, and the process's own memory outside V8's heap. */
function used() {
  for (let i = 0; i < 4; i++) gc();
  const anonymous = /RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"))[1];
  const heap = v8.getHeapStatistics();
  return heap.used_heap_size + (Number(anonymous) * 1024 - heap.total_physical_size);
}

// The caller's own objects are there before and after: a registry does not pay for them.
const processes = Array.from({ length: count }, () => new EventEmitter());
const tokens = Array.from({ length: count }, () => randomUUID());
const registry = makers[name]({ pidFilePath: NOWHERE });
registry.on?.("warning", () => {});
const before = used();
processes.forEach((it, i) => {
  const cwd = Buffer.from(folderOf(i)).toString("latin1");
  registry.register(deadPid(i), cwd, it, Buffer.from(tokens[i]).toString("latin1"));
});
const after = used();
globalThis.kept = { processes, tokens, registry };
console.log((after - before) / count);
process.exit(registry.size() === count ? 0 : 1);
