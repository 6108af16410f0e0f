import { cutEnd, cutStart, padded, widthOf } from "./width.js";

export interface Column<Row> {
  title: string;
  text(row: Row): string;
  paint?(text: string): string;
  /** Numbers stand under each other by their ends. */
  right?: boolean;
  /** What goes first where the text does not fit; without it is never cut. */
  cut?: "start" | "end";
}

const GAP = 2;
/** A column that is cut to less tells nothing. */
const NARROWEST = 8;

/** Gives each its share of what is left; those that need less leave theirs to the others. */
function shared(wanted: readonly number[], available: number): number[] {
  const order = wanted.map((_, at) => at).sort((a, b) => wanted[a] - wanted[b]);
  const given = [...wanted];
  let left = available;
  order.forEach((at, done) => {
    given[at] = Math.min(wanted[at], Math.floor(left / (order.length - done)));
    left -= given[at];
  });
  return given;
}

/** The widths of columns in a line of that width; undefined: they do not fit. */
function widthsIn(columns: readonly Column<never>[], wanted: readonly number[], width: number) {
  const flexible = columns.flatMap(({ cut }, at) => (cut ? [at] : []));
  const fixed = wanted.reduce((sum, it, at) => sum + (columns[at].cut ? 0 : it), 0);
  const available = width - fixed - GAP * (columns.length - 1);
  const given = shared(
    flexible.map((at) => wanted[at]),
    available,
  );
  const widths = [...wanted];
  flexible.forEach((at, index) => (widths[at] = given[index]));
  const fits =
    available >= 0 && flexible.every((at) => widths[at] >= Math.min(wanted[at], NARROWEST));
  return fits ? widths : undefined;
}

function cell<Row>(column: Column<Row>, text: string, width: number, painted: boolean): string {
  const cut = column.cut === "start" ? cutStart(text, width) : cutEnd(text, width);
  const padding = padded(cut, width).slice(cut.length);
  const shown = painted && column.paint ? column.paint(cut) : cut;
  return column.right ? padding + shown : shown + padding;
}

/**
 * A title and a line for each row, no line wider than `width`: what is long is cut, and if that is
 * not enough the columns named in `optional` go, the first one first. Texts are plain already.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
  optional: readonly string[] = [],
): string[] {
  const texts = rows.map((row) => columns.map((column) => column.text(row)));
  const wanted = columns.map(({ title }, at) =>
    texts.reduce((widest, row) => Math.max(widest, widthOf(row[at])), widthOf(title)),
  );
  let chosen = columns.map((_, at) => at);
  const picked = <T>(all: readonly T[]): T[] => chosen.map((at) => all[at]);
  let widths = widthsIn(picked(columns), picked(wanted), width);
  for (const title of optional) {
    if (widths) break;
    chosen = chosen.filter((at) => columns[at].title !== title);
    widths = widthsIn(picked(columns), picked(wanted), width);
  }
  const all = widths ?? picked(wanted);
  const line = (row: readonly string[], painted: boolean): string =>
    chosen
      .map((at, index) => cell(columns[at], row[at], all[index], painted))
      .join(" ".repeat(GAP))
      .trimEnd();
  return [
    line(
      columns.map((it) => it.title),
      false,
    ),
    ...texts.map((row) => line(row, true)),
  ];
}
