// The registries that are compared, filled alike.
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createBaseline } from "./baseline.mjs";

const { createHeadlessPidRegistry } = createRequire(import.meta.url)("../dist/index.js");
const GENERATION_AT = 8; // as in src/store/writelock.c

export const makers = { package: createHeadlessPidRegistry, baseline: createBaseline };

/** One registry of each kind, each with its file on the stage; more kinds from `others`. */
export function openAll(stage, name, others = {}) {
  const kinds = Object.entries({ ...makers, ...others });
  return Object.fromEntries(
    kinds.map(([kind, make]) => [kind, make({ pidFilePath: stage.file(`${name}-${kind}.json`) })]),
  );
}

export const closeAll = (registries) => {
  for (const registry of Object.values(registries)) registry.close?.();
};

/** How often a registry of this package has written its file: the lock file counts. */
export const writesOf = (pidFile) =>
  Number(readFileSync(`${pidFile}.lock`).readBigUInt64LE(GENERATION_AT));

export const folderOf = (i) => `/home/user/projects/project-${i % 50}`;

/** Above the largest pid that Linux assigns (2^22): nobody ever has it. */
export const deadPid = (i) => 2 ** 30 + i;

/** A file that cannot be made: of registries of which only the memory is looked at. */
export const NOWHERE = "/dev/null/headless-pids.json";

/** A string as a parsed message would give it: equal to the one in the registry, not the same. */
export const fresh = (text) => Buffer.from(text).toString("latin1");

/** A registry of live children, each with a token. */
export function fillWithAgents(registry, agents) {
  agents.forEach((agent, i) => registry.register(agent.pid, folderOf(i), agent, randomUUID()));
}

/** A registry of pids that no process has, as the original's own unit tests use them. */
export function fillWithNumbers(registry, count) {
  const sessions = [];
  for (let i = 0; i < count; i++) {
    const [token, session] = [randomUUID(), randomUUID()];
    registry.register(deadPid(i), folderOf(i), new EventEmitter(), token);
    registry.linkByToken(token, session);
    sessions.push(session);
  }
  return sessions;
}
