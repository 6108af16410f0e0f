// What root is never refused; run by another user where the tests run as root.
import { execFileSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deadPid, fixture } from "./fixtures/processes.js";
import { pids } from "./fixtures/registry.js";
import { isRoot, plainUser, theirFolder, unreachable } from "./fixtures/users.js";

const user = isRoot ? { uid: plainUser, gid: plainUser } : {};

function run(
  pidFile: string,
  openedLater = "",
): { size: number; before: string[]; codes: string[] } {
  const env = { ...process.env, HOME: tmpdir() };
  const argv = [fixture("unprivileged.mjs"), pidFile, openedLater];
  const told = JSON.parse(execFileSync(process.execPath, argv, { ...user, env, encoding: "utf8" }));
  expect(told.uid).toBe(plainUser);
  return told;
}

describe.skipIf(unreachable())(
  `without privileges${unreachable() ? ` (${unreachable()})` : ""}`,
  () => {
    it("a file of mode 000 is an error and no empty file", () => {
      const pidFile = join(theirFolder(), "p.json");
      const text = `{"entries":[{"pid":${deadPid(9)},"cwd":"/a","spawnedAt":"2026-01-01T00:00:00.000Z"}]}`;
      writeFileSync(pidFile, text);
      if (isRoot) chownSync(pidFile, plainUser, plainUser);
      chmodSync(pidFile, 0o000);
      const told = run(pidFile);
      expect(told).toMatchObject({ size: 2, codes: ["HPR_EACCES"] });
      chmodSync(pidFile, 0o600);
      accessSync(pidFile, constants.R_OK);
      expect(readFileSync(pidFile, "utf8")).toBe(text);
    });

    it("a read-only folder is reported once, and the memory is intact", () => {
      const path = theirFolder();
      chmodSync(path, 0o500);
      const told = run(join(path, "p.json"));
      expect(told).toMatchObject({ size: 2, codes: ["HPR_EACCES"] });
      expect(existsSync(join(path, "p.json"))).toBe(false);
    });

    it("a folder in which no other can be made is no missing one", () => {
      const path = theirFolder();
      chmodSync(path, 0o500);
      const told = run(join(path, "a", "b", "p.json"));
      expect(told).toMatchObject({ size: 2, codes: ["HPR_EACCES"] });
    });

    it("a folder that becomes writable gets everything with the next change", () => {
      const path = theirFolder();
      chmodSync(path, 0o500);
      const told = run(join(path, "p.json"), "opened later");
      expect(told).toMatchObject({ size: 3, before: ["HPR_EACCES"], codes: ["HPR_EACCES"] });
      expect(pids(join(path, "p.json"))).toEqual([deadPid(1), deadPid(2), deadPid(3)]);
    });

    it("a folder that may not even be entered is reported once", () => {
      const path = theirFolder();
      chmodSync(path, 0o000);
      const told = run(join(path, "p.json"));
      expect(told).toMatchObject({ size: 2, codes: ["HPR_EACCES"] });
    });
  },
);
