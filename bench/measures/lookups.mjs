// The calls that every message of every session makes.
import { randomUUID } from "node:crypto";
import { interleave, ratio } from "../rounds.mjs";
import { NOWHERE, fillWithNumbers, fresh, makers } from "../subjects.mjs";

const CALLS = 500; // a round and subject
const ROUNDS = 600;
const STRANGERS = 100; // at 10,000 live two of them look known, and only the core knows better
const SIZES = [
  { live: 10, hit: 1.2, miss: 3 },
  { live: 100, hit: 4, miss: 10 },
  { live: 1000, hit: 40, miss: 100 },
];

/**
 * A loop with machine code of its own for each registry: sharing one would make its call sites
 * polymorphic, which no server's are.
 */
function makeBatch(call) {
  const body = `
    const start = performance.now();
    let found = 0;
    for (let i = 0; i < ${CALLS}; i++) if (registry.${call}) found++;
    const took = performance.now() - start;
    return { nanoseconds: (took * 1e6) / ${CALLS}, found };`;
  return new Function("registry", "keys", "other", body);
}

function timed(call, registry, keys, wanted) {
  const batch = makeBatch(call);
  const other = fresh(randomUUID());
  return () => {
    const { nanoseconds, found } = batch(registry, keys, other);
    if (found !== wanted) throw new Error(`${call} found ${found} instead of ${wanted}`);
    return nanoseconds;
  };
}

const hits = (registry, keys) => timed("getPid(keys[i % keys.length])", registry, keys, CALLS);
const misses = (registry, keys) =>
  timed("linkByToken(keys[i % keys.length], other)", registry, keys, 0);

/** `count` of them, from the first to the last, in no order. */
function spread(sessions, count) {
  const step = sessions.length / count;
  const some = Array.from({ length: count }, (_, i) => fresh(sessions[Math.floor(i * step)]));
  return some.sort(() => Math.random() - 0.5);
}

const strangers = (count) => Array.from({ length: count }, () => fresh(randomUUID()));

function openFilled(name, live) {
  const registry = makers[name]({ pidFilePath: NOWHERE });
  registry.on?.("warning", () => {}); // the file cannot be written: that is what it is for
  return { registry, sessions: fillWithNumbers(registry, live) };
}

async function measureAt({ live, hit, miss }) {
  const [ours, theirs] = ["package", "baseline"].map((name) => openFilled(name, live));
  const hitTimes = await interleave(ROUNDS, {
    package: hits(ours.registry, spread(ours.sessions, live)),
    baseline: hits(theirs.registry, spread(theirs.sessions, live)),
  });
  const unknown = strangers(live);
  const missTimes = await interleave(ROUNDS, {
    package: misses(ours.registry, unknown),
    baseline: misses(theirs.registry, unknown),
  });
  ours.registry.close();
  return [
    { name: "getPid, hit", live, unit: "ns", times: hitTimes, wants: { faster: hit } },
    { name: "linkByToken, miss", live, unit: "ns", times: missTimes, wants: { faster: miss } },
  ];
}

/** The same ten sessions' worth of calls, so that only the registry's size differs; then all. */
async function measureFlatness() {
  const [small, large] = [10, 10_000].map((live) => openFilled("package", live));
  const times = await interleave(ROUNDS, {
    small: hits(small.registry, spread(small.sessions, 10)),
    ten: hits(large.registry, spread(large.sessions, 10)),
    all: hits(large.registry, spread(large.sessions, 10_000)),
    size: timed("size()", small.registry, [], CALLS),
    smallMiss: misses(small.registry, strangers(STRANGERS)),
    largeMiss: misses(large.registry, strangers(STRANGERS)),
  });
  small.registry.close();
  large.registry.close();
  const row = (name, under, over, most) => ({
    name,
    live: 10_000,
    unit: "ns",
    times: { package: times[over] },
    growth: ratio(times[over], times[under]),
    ...(most && { wants: { growth: most } }),
  });
  return [
    row("getPid of 10 sessions, against 10 live", "small", "ten", 1.3),
    row("linkByToken, miss, against 10 live", "smallMiss", "largeMiss", 1.3),
    { name: "size()", live: 10, unit: "ns", times: { package: times.size }, wants: { median: 5 } },
    row("getPid of 10,000 sessions, against 10 of 10", "small", "all"),
  ];
}

export async function measureLookups() {
  const rows = [];
  for (const size of SIZES) rows.push(...(await measureAt(size)));
  return [...rows, ...(await measureFlatness())];
}
