import { accessSync, constants } from "node:fs";
import path from "node:path";
import type { Finding } from "./findings.js";
import { plain } from "./text.js";
import { infoOf, infoOfFolder, nearestFolder } from "./user.js";

const STICKY = 0o1000;

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

const isWindows = process.platform === "win32"; // which has no modes
const modeOf = (file: string): number => (isWindows ? 0 : (infoOf(file)?.mode ?? 0));
const modeOfFolder = (folder: string): number =>
  isWindows ? 0 : (infoOfFolder(folder)?.mode ?? 0);

const modeText = (mode: number): string => (mode & 0o777).toString(8);

/** Others may put another file in the place of one of its files. */
const isReplaceable = (mode: number): boolean => (mode & 0o002) !== 0 && (mode & STICKY) === 0;

function* aboutFolder(folder: string): Generator<Finding> {
  const nearest = nearestFolder(folder);
  if (!may(nearest, constants.W_OK | constants.X_OK))
    yield { kind: "folder-unwritable", item: `the folder ${plain(nearest)} cannot be written` };
  const mode = nearest === folder ? modeOfFolder(folder) : 0;
  const item = `${plain(folder)}, of mode ${modeText(mode)}`;
  if (isReplaceable(mode)) yield { kind: "folder-writable", item };
  else if ((mode & 0o077) !== 0 && (mode & STICKY) === 0) yield { kind: "folder-open", item };
}

function* aboutFiles(pidFile: string): Generator<Finding> {
  for (const file of [pidFile, `${pidFile}.lock`, `${pidFile}.owners`]) {
    const info = infoOf(file);
    if (!info || (info.isFile() && may(file, constants.R_OK | constants.W_OK))) continue;
    const why = info.isFile()
      ? `belongs to user ${info.uid} and is closed to you`
      : "is no regular file";
    yield { kind: "file-unwritable", item: `${plain(file)} ${why}` };
  }
  for (const file of [`${pidFile}.lock`, `${pidFile}.owners`])
    if ((modeOf(file) & 0o066) !== 0)
      yield { kind: "lock-open", item: `${plain(file)}, of mode ${modeText(modeOf(file))}` };
  if ((modeOf(pidFile) & 0o077) !== 0)
    yield { kind: "file-open", item: `${plain(pidFile)}, of mode ${modeText(modeOf(pidFile))}` };
}

function* aboutSessions(folder: string): Generator<Finding> {
  if (!infoOf(folder)) return; // the first keeper makes it
  const ours =
    infoOfFolder(folder)?.isDirectory() === true && may(folder, constants.W_OK | constants.X_OK);
  if (!ours || (modeOfFolder(folder) & 0o022) !== 0)
    yield { kind: "sessions-unusable", item: plain(folder) };
}

/** Where the file is: who may write there, and who may look. */
export function* aboutPlace(pidFile: string): Generator<Finding> {
  const folder = path.dirname(pidFile);
  yield* aboutFolder(folder);
  yield* aboutFiles(pidFile);
  yield* aboutSessions(path.join(folder, "sessions"));
}
