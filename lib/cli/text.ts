/**
 * Whatever moves a cursor, changes a colour or turns the direction of writing: C0 and C1 controls,
 * line and paragraph separators, marks of direction.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text from a file or from another process, harmless on a terminal; cut off if it is longer. */
export function plain(text: string, longest = Number.POSITIVE_INFINITY): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replace(UNSAFE, escapeCharacter);
}

/** The same for JSON, which stays what it is: its strings may write any character as \uXXXX. */
export const plainJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replace(UNSAFE, (it) =>
    it === "\n" ? it : escapeCharacter(it),
  );

export function ageOf(fromMs: number | undefined, nowMs: number): string {
  if (fromMs === undefined) return "-";
  const seconds = Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

export const sizeOf = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** As a person would write it on a command line. */
export function durationText(ms: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "m"],
    [1000, "s"],
  ] as const;
  const [size, unit] = units.find(([it]) => ms >= it && ms % it === 0) ?? [1, "ms"];
  return `${ms / size}${unit}`;
}
