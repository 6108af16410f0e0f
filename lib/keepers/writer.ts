import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type {
  DiscoveredKeeper,
  HeadlessWarning,
  KeeperWriter,
  KeeperWriterOptions,
} from "../types.js";
import { failure } from "../failure.js";
import { warnProcess } from "../reports.js";
import { loadKeepers } from "./load.js";

function resolveFolder(value: string | undefined): string {
  const folder = value ?? join(homedir(), ".pi", "dashboard", "sessions");
  if (typeof folder !== "string" || folder === "")
    throw failure("ERR_INVALID_ARG_TYPE", "sessionsDir must be a string that is not empty");
  return resolve(folder);
}

function warningOf(error: unknown, about: string): HeadlessWarning {
  const { code, message = String(error) } = error as Partial<HeadlessWarning>;
  return { code: code?.startsWith("HPR_") ? code : "HPR_EIO", message: `${message}: ${about}` };
}

/**
 * A ready {@link KeeperWriter}: writes to keepers' sockets and finds keepers by the pid files that
 * they leave in a folder. Its methods never reject; what they refuse is told by a warning.
 * @throws TypeError for an option that does not fit
 */
export function createKeeperWriter(
  given?: KeeperWriterOptions | null,
): KeeperWriter & { discoverExistingKeepers(): Promise<DiscoveredKeeper[]> } {
  const options = given ?? {};
  const folder = resolveFolder(options.sessionsDir);
  const onWarning = options.onWarning ?? undefined;
  if (onWarning !== undefined && typeof onWarning !== "function")
    throw failure("ERR_INVALID_ARG_TYPE", "onWarning must be a function");
  const warn = (error: unknown, about: string): void => {
    const warning = warningOf(error, about);
    if (onWarning) onWarning(warning);
    else warnProcess(warning);
  };
  return {
    async writeRpcToSockPath(sockPath, line) {
      try {
        const { writeLine } = await loadKeepers();
        return await writeLine(sockPath, line);
      } catch (error) {
        warn(error, String(sockPath));
        return false;
      }
    },
    async discoverExistingKeepers() {
      try {
        const { discoverKeepers } = await loadKeepers();
        return await discoverKeepers(folder);
      } catch (error) {
        warn(error, folder);
        return [];
      }
    },
  };
}
