// Measuring in rounds, and what is said of many of them.

/**
 * Measures all subjects in every round, in an order that rotates, so that whatever the machine does
 * meanwhile hits all alike.
 * @param subjects name → a function that returns its time, or a promise of it
 * @returns name → the times, one a round
 */
export async function interleave(rounds, subjects, warmUpRounds = 3) {
  const names = Object.keys(subjects);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + warmUpRounds) % names.length];
      const time = await subjects[name](round);
      if (round >= 0) times[name].push(time);
    }
  }
  return times;
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
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
        max: Math.max(...values),
      },
    ]),
  );
}
