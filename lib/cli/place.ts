import { accessSync, constants, lstatSync, type Stats } from "node:fs";
import path from "node:path";
import type { Finding } from "./doctor.js";
import { plain } from "./text.js";

function infoOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch {
    return undefined; // missing, or in a folder that we may not enter, which is told itself
  }
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

/** The folder, or the nearest one above it in which a server would have to make it. */
function nearestFolder(folder: string): string {
  return infoOf(folder) || path.dirname(folder) === folder
    ? folder
    : nearestFolder(path.dirname(folder));
}

/** What keeps every server of this user from writing the file. */
export function* aboutPlace(pidFile: string): Generator<Finding> {
  const folder = nearestFolder(path.dirname(pidFile));
  if (!may(folder, constants.W_OK | constants.X_OK))
    yield {
      what: `the folder ${plain(folder)} cannot be written, so no server of yours keeps a file in it`,
      todo: `make it yours (chown), or name another file with --pid-file and the option pidFilePath`,
    };
  for (const file of [pidFile, `${pidFile}.lock`, `${pidFile}.owners`]) {
    const info = infoOf(file);
    if (!info || (info.isFile() && may(file, constants.R_OK | constants.W_OK))) continue;
    yield {
      what: `${plain(file)} ${info.isFile() ? `belongs to user ${info.uid} and is closed to you` : "is no regular file"}, so no server of yours can write`,
      todo: `remove it, or make it yours (chown); a command that was run as root once may have left it`,
    };
  }
}
