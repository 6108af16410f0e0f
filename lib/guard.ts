import { userInfo } from "node:os";

/** The account's home folder, whatever HOME says. */
function realHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return ""; // an account without an entry has no home to protect
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
  return !home || home === realHome();
}
