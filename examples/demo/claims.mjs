import { say, style } from "./table.mjs";

let held = 0;

/** Prints a claim that was seen to hold; one that does not hold ends the play. */
export function check(claim, holds) {
  if (!holds) throw new Error(`this does not hold: ${claim}`);
  held++;
  say(`${style("green", "ok")} ${claim}`);
}

export function countClaims() {
  return held;
}
