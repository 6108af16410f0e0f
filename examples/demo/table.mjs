/** What a play prints: steps, checked claims and a table; colours only on a terminal. */
import util from "node:util";

const isColoured =
  process.stdout.isTTY && process.env.NO_COLOR === undefined && util.styleText !== undefined;
const INDENT = "   ";
const GAP = "  ";
const STATE_STYLES = { live: "green", terminating: "yellow", gone: "gray" };

const columns = [
  { title: "session", cell: (row) => row.session ?? "-" },
  { title: "pid", cell: (row) => String(row.pid), isNumber: true },
  { title: "pi pid", cell: (row) => String(row.piPid ?? "-"), isNumber: true },
  { title: "keeper", cell: (row) => row.keeper ?? "-" },
  { title: "age", cell: (row) => `${(row.ageMs / 1000).toFixed(1)} s`, isNumber: true },
  { title: "state", cell: (row) => row.state, style: (row) => STATE_STYLES[row.state] },
];

export function style(format, text) {
  return isColoured && format ? util.styleText(format, text) : text;
}

export function say(text = "") {
  process.stdout.write(`${text && INDENT + text}\n`);
}

export function heading(text) {
  process.stdout.write(`\n${style("bold", text)}\n`);
}

export function printTable(rows) {
  const widths = columns.map(({ title, cell }) =>
    Math.max(title.length, ...rows.map((row) => cell(row).length)),
  );
  say();
  say(
    style(
      "underline",
      line(widths, ({ title }) => title),
    ),
  );
  for (const row of rows) say(line(widths, ({ cell }) => cell(row), row));
}

/** Padded first, then coloured: escape codes have no width. */
function line(widths, textOf, row) {
  const cells = columns.map((column, i) => {
    const text = textOf(column);
    const padded = column.isNumber ? text.padStart(widths[i]) : text.padEnd(widths[i]);
    return row && column.style ? style(column.style(row), padded) : padded;
  });
  return cells.join(GAP).trimEnd();
}
