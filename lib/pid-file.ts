import * as binding from "./binding.js";
import { withFields } from "./fields.js";
import { resolvePidFile } from "./pid-path.js";
import type { PidFileContents } from "./types.js";

/**
 * Reads a pid file without touching anything: takes no lock, repairs nothing and sends no signals.
 * A missing file is empty, and no content of a file makes this throw.
 * @param file default and relative paths as for the option `pidFilePath`
 * @throws Error with a `code` for a file that cannot or must not be read: `HPR_EACCES`,
 *   `HPR_EUNSAFE` (a link, a device, another user's, or writable by everybody), `HPR_ETOOBIG` (over
 *   16 MiB), `HPR_EMFILE`, `HPR_EIO`, `HPR_ENOMEM`
 * @throws TypeError for an invalid path
 */
export function readPidFile(file?: string): PidFileContents {
  const { entries, ...rest } = binding.readPidFile(resolvePidFile(file, "path"));
  return {
    entries: entries.map(withFields),
    ...rest,
  };
}
