// The rows that have something to compare with, as bars on a logarithmic scale.
import { amount } from "./report.mjs";

const LEFT = 250;
const WIDTH = 960;
const RIGHT = 150; // for the figures behind the longest bar
const BAR = 13;
const GAP = 16;
const TOP = 64;
const SERIES = [
  ["package", "this package", "#1a7f5a"],
  ["baseline", "original, plain JavaScript", "#b3541e"],
  ["floor", "floor: bare system calls in C", "#8a8f98"],
];

const escapeText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const text = (x, y, content, more = "") =>
  `<text x="${x}" y="${y}" ${more}>${escapeText(content)}</text>`;

/** Nanoseconds, or bytes: each row has a scale of its own, from a tenth of its shortest bar. */
function bars(row, y) {
  const present = SERIES.filter(([key]) => row[key]);
  const medians = present.map(([key]) => row[key].median);
  const low = Math.log10(Math.min(...medians)) - 0.3;
  const high = Math.log10(Math.max(...medians));
  const room = WIDTH - LEFT - RIGHT;
  return present.map(([key, , colour], i) => {
    const width = (room * (Math.log10(row[key].median) - low)) / (high - low);
    const top = y + i * BAR;
    const factor = key === "baseline" ? ` · ${Number(row.faster.toPrecision(2))}×` : "";
    const label = amount(row[key].median, row.unit) + factor;
    return (
      `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${colour}"/>` +
      text((LEFT + width + 6).toFixed(1), top + BAR - 4, label)
    );
  });
}

export function chartOf(rows, caption) {
  const shown = rows.filter((row) => row.baseline);
  const parts = [];
  let y = TOP;
  for (const row of shown) {
    const drawn = bars(row, y);
    const name = row.live > 1 ? `${row.name}, ${row.live.toLocaleString("en")} live` : row.name;
    const middle = y + (drawn.length * BAR) / 2 + 3;
    parts.push(text(LEFT - 10, middle, name, 'text-anchor="end"'), ...drawn);
    y += drawn.length * BAR + GAP;
  }
  const legend = SERIES.map(([, name, colour], i) => {
    const x = LEFT + i * 200;
    return `<rect x="${x}" y="34" width="11" height="11" fill="${colour}"/>${text(x + 16, 44, name)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">
<title>This package, the original module and the floor</title>
<rect width="100%" height="100%" fill="#fff"/>
${text(20, 22, "Medians; shorter is better; logarithmic, each measurement on a scale of its own", 'font-weight="600"')}
${legend.join("\n")}
${parts.join("\n")}
${text(20, y + 10, caption, 'font-size="10" fill="#57606a"')}
</svg>
`;
}
