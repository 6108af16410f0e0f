// Measuring in rounds, and what is said of many of them. docs/architecture.md says why by no library.

/** Fewer rounds, for whoever only wants to see that everything works. */
let share = 1;
export const measureLess = (of) => (share = of);

/**
 * Measures all subjects in every round, in an order that rotates, so that whatever the machine does
 * meanwhile hits all alike.
 * @param subjects name → a function that returns its time or a list of them, or a promise of that
 * @returns name → the times, in the order of the rounds
 */
export async function interleave(rounds, subjects, warmUpRounds = 3) {
  const names = Object.keys(subjects);
  /** @type {Record<string, any[]>} */
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const last = Math.max(1, Math.round(rounds * share));
  for (let round = -warmUpRounds; round < last; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + warmUpRounds) % names.length];
      const time = await subjects[name](round);
      if (round >= 0) times[name].push(...[time].flat());
    }
  }
  return times;
}

export function percentile(values, of) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))];
}

export const median = (values) => percentile(values, 0.5);

/** The median of the rounds' own ratios: drift between two rounds cancels out. */
export const ratio = (over, under) => median(over.map((value, i) => value / under[i]));

/** { name: times } → { name: { median, p95, p99, max } } */
export function summarise(times) {
  return Object.fromEntries(
    Object.entries(times).map(([name, values]) => [
      name,
      {
        median: median(values),
        p95: percentile(values, 0.95),
        p99: percentile(values, 0.99),
        max: percentile(values, 1),
      },
    ]),
  );
}
