// What our reader accepts, against JSON.parse: generated documents and mutated ones. A failing run
// is replayed with HPR_SEED from the environment.
import { rmSync } from "node:fs";
import { expect, it } from "vitest";
import { readPidFile } from "../dist/index.js";
import type { PidFileContents, PidFileEntry } from "../lib/types.js";
import { badFiles } from "./corpus/bad-files.mjs";
import { Choice } from "./fixtures/random.mjs";
import { newPidFile, writePidFile } from "./fixtures/registry.js";
import { seeds } from "./fuzz/seeds.mjs";

const SEED = Number(process.env.HPR_SEED ?? Date.now() % 2 ** 31);
const DEPTH = 32; // HPR_SCAN_DEPTH

type Value = unknown;
type Fields = Record<string, Value>;

/* --- what JSON.parse says ------------------------------------------------------------------- */

/** The value of the bytes, `undefined` if they are no JSON text in UTF-8; one mark may precede it. */
function parse(bytes: Buffer): Value {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: Value): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function depthOf(value: Value): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** The reasons, beyond JSON.parse's, for which a document is set aside. */
function mayBeDamaged(text: string, value: Value): boolean {
  if (!isObject(value)) return true;
  if ("entries" in value && !Array.isArray(value.entries)) return true;
  const twice = text.split('"entries"').length > 2;
  return twice || text.includes("\\") || depthOf(value) > DEPTH;
}

const isPid = (value: Value): boolean =>
  Number.isInteger(value) && (value as number) >= 2 && (value as number) < 2 ** 31;
const optional = (value: Value, fits: (value: Value) => boolean): boolean =>
  value === undefined || fits(value);
const isText = (value: Value): value is string => typeof value === "string";
const isFlag = (value: Value): boolean => typeof value === "boolean";
const isShort =
  (limit: number) =>
  (value: Value): boolean =>
    isText(value) && Buffer.byteLength(value) < limit;

const isIdentity = (value: Value): boolean =>
  isObject(value) &&
  optional(value.boot, isShort(64)) &&
  optional(value.birth, isShort(64)) &&
  optional(value.nobody, isFlag) &&
  optional(value.kin, isFlag);

/** Whether an entry may be acted on, as far as its value can tell. */
function isSound(entry: Value): entry is Fields {
  return (
    isObject(entry) &&
    isPid(entry.pid) &&
    isText(entry.cwd) &&
    optional(entry.spawnToken, isText) &&
    optional(entry.keeperSockPath, isText) &&
    optional(entry.terminating, isFlag) &&
    optional(entry.identity, isIdentity) &&
    (entry.piPid === undefined || (isPid(entry.piPid) && optional(entry.piIdentity, isIdentity))) &&
    (entry.keeperPid === undefined ||
      (isPid(entry.keeperPid) && optional(entry.keeperIdentity, isIdentity))) &&
    optional(
      entry.owner,
      (owner) =>
        isIdentity(owner) &&
        ((owner as Fields).pid === 1 || isPid((owner as Fields).pid)) && // a container's server
        optional((owner as Fields).id, isShort(17)),
    )
  );
}

/** Times that we write ourselves: toISOString's form, of this millennium. */
function timeOf(value: Value): number | undefined {
  if (!isText(value) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(value))
    return undefined;
  const time = new Date(value);
  const exact = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value.slice(0, 19));
  return exact && time.getTime() >= 1e12 ? time.getTime() : undefined;
}

function expectedEntry(entry: Fields): PidFileEntry {
  const all: Fields = {
    pid: entry.pid,
    cwd: entry.cwd,
    spawnedAt: timeOf(entry.spawnedAt),
    spawnToken: entry.spawnToken || undefined,
    [entry.keeperPid === undefined ? "agentPid" : "piPid"]: entry.piPid,
    keeperPid: entry.keeperPid,
    keeperSockPath: entry.keeperSockPath || undefined,
    state: entry.terminating ? "terminating" : "live",
    ownerPid: (entry.owner as Fields | undefined)?.pid,
  };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as never;
}

/* --- documents ------------------------------------------------------------------------------ */

const NUMBERS = [
  "0",
  "-0",
  "1",
  "2",
  "7",
  "1234",
  "1234.0",
  "12.34e2",
  "2147483647",
  "2147483648",
  "1e3",
  "1e999",
  "-5",
  "1.5",
  "9007199254740993",
  "4294968530",
];
const TEXTS = [
  '""',
  '"/w"',
  '"é"',
  '"\u{1f600}"',
  '"a\\nb"',
  '"\\u00e9"',
  '"\\ud83d\\ude00"',
  '"\\"\\\\\\/"',
  '"2026-01-31T23:59:59.999Z"',
  '"2026-02-30T00:00:00Z"',
  '"1970-01-01T00:00:00.000Z"',
  `"${"b".repeat(63)}"`,
];
const WORDS = ["true", "false", "null"];
const KEYS = [
  "pid",
  "cwd",
  "spawnedAt",
  "spawnToken",
  "piPid",
  "keeperPid",
  "keeperSockPath",
  "terminating",
  "identity",
  "piIdentity",
  "keeperIdentity",
  "owner",
  "boot",
  "birth",
  "nobody",
  "kin",
  "id",
  "PID",
  "__proto__x",
  "x",
  "entries",
];

/** Writes random JSON: an object never has a key twice. */
class Writer {
  constructor(private readonly choice: Choice) {}

  private space(): string {
    return this.choice.chance(0.1) ? this.choice.of([" ", "\n", "\t", "\r\n"]) : "";
  }

  private scalar(): string {
    return this.choice.of(this.choice.of([NUMBERS, TEXTS, WORDS]));
  }

  private value(depth: number): string {
    if (depth === 0 || this.choice.chance(0.7)) return this.scalar();
    if (this.choice.chance(0.5))
      return this.list(this.choice.below(3), () => this.value(depth - 1));
    return this.object(this.choice.below(4), depth - 1);
  }

  private list(count: number, item: () => string): string {
    const items = Array.from({ length: count }, () => this.space() + item() + this.space());
    return `[${items.join(",")}]`;
  }

  private object(count: number, depth: number, fixed: Record<string, string> = {}): string {
    const members = new Map(Object.entries(fixed));
    for (let i = 0; i < count; i++) {
      const key = this.choice.of(KEYS);
      if (!members.has(key)) members.set(key, this.value(depth));
    }
    const texts = [...members].map(
      ([k, v]) => `${this.space()}"${k}"${this.space()}:${this.space()}${v}`,
    );
    return `{${texts.join(",")}${this.space()}}`;
  }

  private identity(fixed: Record<string, string> = {}): string {
    return this.object(0, 0, { boot: '"b@1"', birth: '"1.2.3"', ...fixed });
  }

  /** Mostly sound, so that the values count and not only the refusal. */
  private entry(): string {
    if (this.choice.chance(0.2)) return this.value(3);
    const fixed: Record<string, string> = {
      pid: this.choice.of(["7", "1234", ...NUMBERS]),
      cwd: this.choice.of(TEXTS),
    };
    const likely: Record<string, () => string> = {
      spawnedAt: () => this.choice.of(TEXTS),
      spawnToken: () => this.choice.of(TEXTS),
      piPid: () => "77",
      keeperPid: () => "1234",
      identity: () => this.identity(),
      owner: () => this.identity({ pid: "99", id: '"0123456789abcdef"' }),
      terminating: () => this.choice.of(["true", "false"]),
    };
    for (const [key, make] of Object.entries(likely))
      if (this.choice.chance(0.4)) fixed[key] = make();
    return this.object(this.choice.chance(0.3) ? 2 : 0, 2, fixed);
  }

  document(): string {
    const entries = this.list(this.choice.below(4), () => this.entry());
    const mark = this.choice.chance(0.1) ? "\ufeff" : "";
    const other: Record<string, string> = this.choice.chance(0.3) ? { version: this.value(3) } : {};
    return `${mark}${this.space()}${this.object(0, 0, { ...other, entries })}${this.space()}`;
  }
}

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "0",
  "-",
  ".",
  "e9",
  "null",
  "\0",
  "\x01",
  "/*",
  " ",
  "\ufeff",
  '"pid":8,',
  '"entries":[]',
].map((s) => Buffer.from(s));
const BYTES = [0x80, 0xc0, 0xed, 0xff, 0xf5];

/** One or two small accidents. */
function mutate(bytes: Buffer, choice: Choice): Buffer {
  for (let i = choice.below(2); i >= 0; i--) {
    const at = choice.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    bytes = choice.of([
      () => Buffer.concat([before, choice.of(PIECES), after]),
      () => Buffer.concat([before, after.subarray(1 + choice.below(4))]),
      () => Buffer.concat([before, Buffer.from([choice.of(BYTES)]), after]),
      () => before,
      () => Buffer.concat([bytes, after]),
    ])();
  }
  return bytes;
}

/* --- the comparison ------------------------------------------------------------------------- */

const pidFile = newPidFile();

function read(bytes: Buffer): PidFileContents {
  rmSync(pidFile, { force: true }); // ext4 waits 4 ms for the disk when a file is written over
  writePidFile(pidFile, bytes);
  return readPidFile(pidFile);
}

/** What may be behind a refusal that the parsed value does not show. */
const isSuspicious = (text: string): boolean =>
  text.includes("\\") || /\d{20}/.test(text) || /"([^"]*)"\s*:.*"\1"\s*:/s.test(text);

/** Accepted: everything that we tell is what JSON.parse tells, entry by entry, in order. */
function compareEntries(found: PidFileContents, list: Value[]): void {
  expect(found.entries.length + found.refused.length).toBe(list.length);
  const [entries, refused] = [[...found.entries], [...found.refused]];
  for (const value of list) {
    if (
      refused.length > 0 &&
      Object.is(JSON.stringify(JSON.parse(refused[0])), JSON.stringify(value)) &&
      (!isSound(value) || isSuspicious(refused[0]))
    ) {
      refused.shift();
      continue;
    }
    expect(isSound(value), `accepted: ${JSON.stringify(value)}`).toBe(true);
    expect(entries.shift()).toEqual(expectedEntry(value as Fields));
  }
}

function compare(bytes: Buffer): "damaged" | "sound" {
  const found = read(bytes);
  const value = parse(bytes);
  const text = bytes.toString();
  if (found.damaged) {
    expect(value === undefined || mayBeDamaged(text, value), "set aside without a reason").toBe(
      true,
    );
    for (const entry of found.entries) expect(isPid(entry.pid)).toBe(true);
    expect(found.refused).toEqual([]);
    return "damaged";
  }
  expect(value, "accepted, and no JSON").toBeDefined();
  expect(isObject(value), "accepted, and no object").toBe(true);
  compareEntries(found, ((value as Fields).entries ?? []) as Value[]);
  return "sound";
}

function compareAll(inputs: Iterable<Buffer>): Record<string, number> {
  const counts = { damaged: 0, sound: 0 };
  for (const bytes of inputs) {
    try {
      counts[compare(bytes)]++;
    } catch (error) {
      throw new Error(`HPR_SEED=${SEED}, ${JSON.stringify(bytes.toString())}`, { cause: error });
    }
  }
  return counts;
}

function* generated(count: number, accident: boolean): Iterable<Buffer> {
  const choice = new Choice(SEED + Number(accident));
  const writer = new Writer(choice);
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(writer.document());
    yield accident ? mutate(bytes, choice) : bytes;
  }
}

it("agrees with JSON.parse about every generated document", () => {
  const counts = compareAll(generated(3000, false));
  expect(counts.sound).toBe(3000);
});

it("agrees with JSON.parse about every mutated document", () => {
  const counts = compareAll(generated(6000, true));
  expect(counts.damaged).toBeGreaterThan(1000);
  expect(counts.sound).toBeGreaterThan(500);
});

it("agrees with JSON.parse about the fuzzer's seeds and all bad files", () => {
  const entry = '{"pid":7,"cwd":"/"}';
  compareAll([
    ...seeds(),
    ...badFiles.slice(0, -3).map(([, make]) => Buffer.from(make(entry, entry))),
  ]);
});
