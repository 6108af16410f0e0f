import type { Listener, NativeRegistry } from "../binding.js";
import { describe } from "../reports.js";
import type { HeadlessWarning, KeeperWriter } from "../types.js";
import { loadKeepers } from "./load.js";

type FoundKeeper = Awaited<ReturnType<KeeperWriter["discoverExistingKeepers"]>>[number];

/** Brings the keepers that live together with the entries, for one registry. */
export class Reconciler {
  readonly #native: NativeRegistry;
  readonly #adopts: boolean;
  readonly #warn: (warning: HeadlessWarning) => void;
  readonly #unproved = new Set<string>();
  #closed = false;

  constructor(native: NativeRegistry, adopts: boolean, warn: (warning: HeadlessWarning) => void) {
    this.#native = native;
    this.#adopts = adopts;
    this.#warn = warn;
  }

  close(): void {
    this.#closed = true;
  }

  /** Never rejects. */
  async run(writer: KeeperWriter | null): Promise<void> {
    if (!writer || this.#closed) return;
    try {
      const keepers = [...(await writer.discoverExistingKeepers())];
      const looks = keepers.map((keeper) => this.#listenerOf(keeper));
      for (const [i, keeper] of keepers.entries()) this.#attach(keeper, await looks[i]);
    } catch (error) {
      this.#warnOf(error);
    }
  }

  /** Never rejects. What is no keeper listens nowhere, and is refused when it is attached. */
  async #listenerOf(keeper: FoundKeeper): Promise<Listener | undefined> {
    try {
      const { checkName, lookAt, lookOf } = await loadKeepers();
      const look = lookOf(keeper);
      if (look) return look.listener;
      const { keeperPid, sockPath, recordedAt } = keeper;
      if (!this.#native.wantsListener(keeperPid, this.#adopts)) return undefined;
      checkName(sockPath);
      return (await lookAt(sockPath, recordedAt)).listener;
    } catch {
      return undefined;
    }
  }

  /** One keeper that does not fit must not hide the others. */
  #attach(keeper: FoundKeeper, listener: Listener | undefined): void {
    if (this.#closed) return;
    try {
      const { keeperPid, sockPath, cwd = "", recordedAt, startedAt, piPid } = keeper;
      const identity = listener?.pid === keeperPid ? listener.identity : undefined;
      const attached = this.#native.attachKeeper(keeperPid, sockPath, piPid, identity);
      if (!attached) this.#warnOfListener(keeperPid, sockPath);
      if (!this.#adopts) return;
      this.#native.adoptKeeper(keeperPid, sockPath, cwd, recordedAt, startedAt, piPid, identity);
    } catch (error) {
      this.#warnOf(error);
    }
  }

  /** Once for each, however often keepers are looked for. */
  #warnOfListener(pid: number, file: string): void {
    const message = describe(
      "nobody can tell that this process listens on the keeper's socket, so it is not attached",
      pid,
      file,
    );
    if (this.#unproved.has(message)) return;
    this.#unproved.add(message);
    this.#warn({ code: "HPR_EUNKNOWN", message });
  }

  #warnOf(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.#warn({ code: "HPR_EINVAL", message: `a keeper could not be attached: ${text}` });
  }
}
