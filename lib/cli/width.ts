import type * as wide from "./wide.js";

const PLAIN = /^[\x20-\x7e]*$/;
const MORE = "…";

let segmenter: Intl.Segmenter | undefined;

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  return (require("./wide.js") as typeof wide).stringWidth(text); // a file of its own
}

function charactersOf(text: string): string[] {
  if (PLAIN.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter();
  return [...segmenter.segment(text)].map((it) => it.segment);
}

/** As many of them as fit, from the first on. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((it) => (left -= widthOf(it)) < 0);
  return end < 0 ? [...characters] : characters.slice(0, end);
}

/** The beginning of a text that is too long. */
export function cutEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? "" : `${fitting(charactersOf(text), width - 1).join("")}${MORE}`;
}

/** The end of a path that is too long, from the start of a folder's name if one fits. */
export function cutStart(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return "";
  const end = fitting(charactersOf(text).reverse(), width - 1)
    .reverse()
    .join("");
  const at = end.search(/[/\\]/);
  return `${MORE}${at >= 0 && at < end.length - 1 ? end.slice(at) : end}`;
}

export const padded = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - widthOf(text)));
