import { spawnSync } from "node:child_process";
import { lstatSync, type Stats, statSync } from "node:fs";
import path from "node:path";
import { complain } from "./terminal.js";
import { plain } from "./text.js";

export interface User {
  uid: number;
  gid: number;
  /** As sudo takes it: a name, or # and the number. */
  name: string;
}

/** What is there by that name, or what keeps us from telling. */
export function infoOf(file: string): Stats | undefined {
  try {
    return lstatSync(file);
  } catch {
    return undefined; // missing, or in a folder that we may not enter, which is told itself
  }
}

/** The same of a folder, which may be reached through a link. */
export function infoOfFolder(folder: string): Stats | undefined {
  try {
    return statSync(folder);
  } catch {
    return undefined;
  }
}

/** The folder, or the nearest one above it in which a server would have to make it. */
export function nearestFolder(folder: string): string {
  return infoOf(folder) || path.dirname(folder) === folder
    ? folder
    : nearestFolder(path.dirname(folder));
}

/** What id(1) says; undefined: nothing. */
function asked(flag: string, uid: number): string | undefined {
  const { status, stdout } = spawnSync("id", [flag, String(uid)], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Another user whose file that is, if we are root; `byFolder`: who is to write it counts. */
export function ownerFor(pidFile: string, byFolder: boolean): User | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const folder = infoOfFolder(nearestFolder(path.dirname(pidFile)));
  const info = byFolder && folder?.uid !== 0 ? folder : (infoOf(pidFile) ?? folder);
  if (!info || info.uid === 0) return undefined;
  const name = asked("-nu", info.uid) ?? `#${info.uid}`;
  return { uid: info.uid, gid: Number(asked("-g", info.uid) ?? info.gid), name };
}

export const howToActAs = ({ name }: User, pidFile: string, command: string): string =>
  `sudo -u ${/^#/.test(name) ? `'${name}'` : name} headless-pids ${command} --pid-file ${plain(pidFile)}`;

/**
 * From now on we are that user, and see what that user sees: which processes are there, and whose.
 * There is no way back, so nothing that follows can write as root. What is to be loaded from our own
 * folder, which that user may be unable to read, must be loaded before.
 */
export function become(user: User, pidFile: string): void {
  const { initgroups } = process as { initgroups?: (user: string, group: number) => void };
  if (user.name.startsWith("#")) process.setgroups?.([user.gid]);
  else initgroups?.(user.name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  complain(
    `you are root, and see ${user.name}'s file as ${user.name} does; to act: ` +
      howToActAs(user, pidFile, "…"),
  );
}
