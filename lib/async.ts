/** `headless-pid-registry/async`: the same registry with the signatures of newer servers. */
import { createHeadlessPidRegistry as createRegistry } from "./index.js";
import type {
  HeadlessEventName,
  HeadlessListener,
  HeadlessPidRegistryOptions,
  HeadlessPidRegistry as SyncRegistry,
  TerminateTarget,
} from "./types.js";

export { createKeeperWriter, keeperOptsFromSpawnResult, readPidFile } from "./index.js";
export type * from "./types.js";

type Ending = "killBySessionId" | "killByToken" | "cleanupOrphans";
type Listening = "on" | "once" | "off" | "removeListener";

/** As of `headless-pid-registry`, but for those who end processes: they say when it is done. */
export interface HeadlessPidRegistry extends Omit<SyncRegistry, Ending | Listening> {
  /**
   * Ends the session's process as `terminate` does. Resolves to true when it is gone, to false if
   * no entry answers to that name, if it is not ours to signal, or nobody can tell. The signal has
   * left, and no lookup finds the entry any more, when the promise is returned.
   */
  killBySessionId(sessionId: string): Promise<boolean>;
  /** The same for an entry that no session is linked to yet, or any longer. */
  killByToken(spawnToken: string): Promise<boolean>;
  /** Done when it returns; its promise is for those who wait. */
  cleanupOrphans(): Promise<void>;
  on<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  once<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  off<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  removeListener<E extends HeadlessEventName>(
    event: E,
    listener: HeadlessListener<E>,
  ): HeadlessPidRegistry;
}

/** What can be nobody's name is nobody's; a registry that was closed rejects. */
async function end(registry: SyncRegistry, target: TerminateTarget): Promise<boolean> {
  try {
    const { outcome, pid } = await registry.terminate(target);
    const isGone = outcome === "exited" || outcome === "killed" || outcome === "already-gone";
    return isGone && pid !== undefined; // without a pid there was no entry any more
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/**
 * Opens a registry. Nothing is read or written before the first call that needs it.
 * @throws TypeError or RangeError for an option that does not fit
 */
export function createHeadlessPidRegistry(
  options?: HeadlessPidRegistryOptions | null,
): HeadlessPidRegistry {
  const registry = createRegistry(options);
  const { cleanupOrphans } = registry;
  // The object itself is changed: it is what listeners and subscribers get.
  return Object.assign(registry as unknown as HeadlessPidRegistry, {
    killBySessionId: (sessionId: string) => end(registry, { sessionId }),
    killByToken: (spawnToken: string) => end(registry, { spawnToken }),
    cleanupOrphans: async () => cleanupOrphans(),
  });
}
