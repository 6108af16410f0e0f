/** What a registry needs to know about keeper sidecars, and who finds them. */
import type { HeadlessWarning } from "./report-types.js";

/**
 * What the registry needs from the code that talks to keeper sidecars. Inject one with
 * {@link HeadlessPidRegistryOptions.keeperManager} or
 * {@link HeadlessPidRegistry.setKeeperWriter}.
 */
export interface KeeperWriter {
  /**
   * Writes `line` and a newline to the keeper's socket; resolves to whether that worked. Lines for
   * one socket should arrive in the order of the calls, awaited or not.
   */
  writeRpcToSockPath(sockPath: string, line: string): Promise<boolean>;
  /** Finds the keepers that are alive, whoever started them. */
  discoverExistingKeepers(): Promise<
    Array<
      Pick<DiscoveredKeeper, "sessionId" | "keeperPid" | "sockPath"> & Partial<DiscoveredKeeper>
    >
  >;
}

/** A live keeper, as {@link createKeeperWriter} finds it. Times are milliseconds since 1970. */
export interface DiscoveredKeeper {
  sessionId: string;
  keeperPid: number;
  /** The Unix socket that it listens on; on Windows the pipe. */
  sockPath: string;
  /** Its only child; `undefined` if it has none, or several. */
  piPid?: number;
  /**
   * Whether the process that listens on `sockPath` is provably `keeperPid`. If not, the pid may
   * belong to another container or host, or may have been reused.
   */
  proved?: boolean;
  /** When its pid was written down: a process that started more than 5 s later is another one. */
  recordedAt?: number;
  startedAt?: number;
  /** Its current working folder. */
  cwd?: string;
}

export interface KeeperWriterOptions {
  /**
   * Where keepers leave `<session>.rpc.sock` and `<session>.rpc.sock.pid` (Windows:
   * `pi-rpc-<session>.pid`). It must be your own and writable by nobody else.
   * Default: `<home>/.pi/dashboard/sessions`. A relative path is resolved at once.
   */
  sessionsDir?: string;
  /** Default: `process.emitWarning`. */
  onWarning?: (warning: HeadlessWarning) => void;
}
