import { readFileSync } from "node:fs";
import { parseLine } from "./lines.mjs";

/** The first message in a session's log that has these fields. */
export function findMessage({ logPath }, fields) {
  const lines = readFileSync(logPath, "utf8").split("\n").slice(0, -1); // the last may be half
  const wanted = Object.entries(fields);
  const isMeant = (message) => wanted.every(([key, value]) => message?.[key] === value);
  return lines.map(parseLine).find(isMeant);
}
