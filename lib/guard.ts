import { realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";

/** The account's home folder, whatever HOME says. */
function realHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return ""; // an account without an entry has no home to protect
  }
}

/** One folder has many names: a slash at the end, a link. */
function isSameFolder(one: string, other: string): boolean {
  if (resolve(one) === resolve(other)) return true;
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false; // one of them is not there
  }
}

/**
 * True in a vitest run that did not get a home folder of its own. A test that forgot to set HOME
 * must not end the processes of the developer who runs it.
 */
export function isUnsafeTestHome(): boolean {
  if (process.env.VITEST !== "true") return false;
  // The one that os.homedir() asks: on Windows HOME decides nothing.
  const home = process.platform === "win32" ? process.env.USERPROFILE : process.env.HOME;
  if (!home) return true;
  const real = realHome();
  return real !== "" && isSameFolder(home, real);
}
