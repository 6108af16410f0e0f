import { HeadlessRegistry } from "./registry.js";
import type {
  HeadlessPidRegistry,
  HeadlessPidRegistryOptions,
  KeeperRegisterOptions,
} from "./types.js";

export { createKeeperWriter } from "./keepers/writer.js";
export { readPidFile } from "./pid-file.js";
export type * from "./types.js";

/**
 * Opens a registry. Nothing is read or written before the first call that needs it.
 * @throws TypeError or RangeError for an option that does not fit
 */
export function createHeadlessPidRegistry(
  options?: HeadlessPidRegistryOptions | null,
): HeadlessPidRegistry {
  return new HeadlessRegistry(options ?? {}).face;
}

/**
 * The `keeperOpts` of {@link HeadlessPidRegistry.register} for what a spawn returned: `undefined`
 * unless it was spawned through a keeper.
 */
export function keeperOptsFromSpawnResult(result: {
  pid?: number;
  keeperSockPath?: string;
}): KeeperRegisterOptions | undefined {
  if (typeof result.pid !== "number" || !result.keeperSockPath) return undefined;
  return { keeperPid: result.pid, keeperSockPath: result.keeperSockPath };
}
