/** What a process holds, as the operating system tells. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What each open descriptor leads to, sorted. */
export function descriptorsOf(pid) {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((name) => readlinkSync(`${folder}/${name}`))
    .sort();
}

function residentKiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

/** Samples a process's memory once a second until it is stopped. */
export class MemoryLog {
  #samples = [];
  #timer;

  constructor(pid) {
    const begunMs = performance.now();
    const sample = () => {
      this.#samples.push([(performance.now() - begunMs) / 60_000, residentKiB(pid)]);
    };
    sample();
    this.#timer = setInterval(sample, 1000);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Of the second half, when everything is loaded and warm: KiB a minute, by least squares. */
  get slope() {
    const half = this.#samples.slice(Math.floor(this.#samples.length / 2));
    const mean = (index) => half.reduce((sum, it) => sum + it[index], 0) / half.length;
    const [x, y] = [mean(0), mean(1)];
    const above = half.reduce((sum, it) => sum + (it[0] - x) * (it[1] - y), 0);
    const below = half.reduce((sum, it) => sum + (it[0] - x) ** 2, 0);
    return below > 0 ? above / below : 0;
  }

  get last() {
    return this.#samples.at(-1)[1];
  }
}
