import type { HeadlessPidRegistry } from "./types.js";

const METHODS: Record<keyof HeadlessPidRegistry, true> = {
  spawnEnv: true,
  register: true,
  linkByToken: true,
  linkByPid: true,
  linkSession: true,
  getPid: true,
  getGoalId: true,
  killBySessionId: true,
  killByToken: true,
  terminate: true,
  shutdown: true,
  remove: true,
  killAll: true,
  size: true,
  stats: true,
  cleanupOrphans: true,
  writeRpc: true,
  cleanupKeeperOrphans: true,
  setKeeperWriter: true,
  entries: true,
  on: true,
  once: true,
  off: true,
  removeListener: true,
  close: true,
  [Symbol.dispose]: true,
};

/** A plain object with bound methods, as the original's: it can be spread and passed around. */
export function faceOf(registry: HeadlessPidRegistry): HeadlessPidRegistry {
  const face: Partial<Record<keyof HeadlessPidRegistry, unknown>> = {};
  for (const name of Reflect.ownKeys(METHODS) as Array<keyof HeadlessPidRegistry>)
    face[name] = registry[name].bind(registry);
  return face as unknown as HeadlessPidRegistry;
}
