/** The end of the program by `process.exit()`, of which the native side does not hear. */
import type { NativeRegistry } from "./binding.js";

const open = new Set<{ native: WeakRef<NativeRegistry>; audited: boolean }>();
let exiting = false;
let writing = false;

function atExit(): void {
  exiting = true;
  for (const { native, audited } of open) {
    // Exits of which the file was to be told in a moment: the next server must not tell them again.
    writing = true;
    native.deref()?.writeLast();
    writing = false;
    // Nobody will see how the ends that are under way come out.
    if (audited) native.deref()?.reportEnds();
  }
}

/** True while the last listeners run: what is brought about now is to be reported at once. */
export const isExiting = (): boolean => exiting;

/** True while the file is written for the last time: what that brings comes too late for listeners. */
export const isLastWrite = (): boolean => writing;

/** @returns what takes it back */
export function finishAtExit(native: NativeRegistry, audited: boolean): () => void {
  if (open.size === 0) process.once("exit", atExit);
  const it = { native: new WeakRef(native), audited };
  open.add(it);
  return () => {
    open.delete(it);
    if (open.size === 0) process.off("exit", atExit);
  };
}
