import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cli, PROGRAM } from "./fixtures/cli.js";
import { fixture, isAlive } from "./fixtures/processes.js";
import { asPlainUser, isRoot, plainUser, theirFolder, unreachable } from "./fixtures/users.js";
import { rows } from "./fixtures/registry.js";

const reason = isRoot ? unreachable() : "only root may look into others' files";

/** A file of another user's, whose server has gone, and whose agent lives. */
function theirs(): { pidFile: string; pid: number; name: string } {
  const folder = theirFolder();
  const pidFile = join(folder, "pids.json");
  const [command, ...args] = [...asPlainUser, process.execPath, fixture("leaves-an-agent.mjs")];
  const { stdout, stderr } = spawnSync(command, [...args, pidFile], { encoding: "utf8" });
  const pid = Number(stdout);
  if (!pid) throw new Error(stderr);
  const { stdout: name } = spawnSync("id", ["-nu", String(plainUser)], { encoding: "utf8" });
  return { pidFile, pid, name: name.trim() };
}

it("shows root another user's file as that user sees it, and says how to act", async ({ skip }) => {
  if (reason) skip(reason);
  const { pidFile, pid, name } = theirs();
  for (const args of [["list"], ["tree"], ["inspect", String(pid)], ["doctor"]]) {
    const { code, out, err } = await cli(pidFile, ...args);
    expect(code, args[0]).toBe(0);
    expect(out, args[0]).toContain(String(pid));
    expect(err).toContain(`sudo -u ${name} headless-pids`);
  }
  const { entries } = JSON.parse((await cli(pidFile, "list", "--json")).out);
  expect(entries).toMatchObject([{ pid, verdict: "same", owner: "gone" }]); // not "foreign"
});

it("lets root write nothing there", async ({ skip }) => {
  if (reason) skip(reason);
  const { pidFile, pid, name } = theirs();
  const folder = join(pidFile, "..");
  const before = [readdirSync(folder), readFileSync(pidFile, "utf8")];
  for (const args of [["kill", String(pid)], ["reap"], ["forget"]]) {
    const { code, err } = await cli(pidFile, ...args, "--yes");
    expect(code, args[0]).toBe(4);
    expect(err).toContain(`sudo -u ${name} headless-pids ${args[0]} --pid-file ${pidFile}`);
  }
  expect([readdirSync(folder), readFileSync(pidFile, "utf8")]).toEqual(before);
  expect(isAlive(pid)).toBe(true);
  // And that user can do it.
  const [command, ...args] = [...asPlainUser, process.execPath, PROGRAM];
  const done = spawnSync(command, [...args, "kill", String(pid), "--yes", "--pid-file", pidFile]);
  expect(done.status).toBe(0);
  expect(rows(pidFile)).toEqual([]);
  expect(existsSync(pidFile)).toBe(true);
});

it("sees with root's doctor what keeps that user's servers from writing", async ({ skip }) => {
  if (reason) skip(reason);
  const folder = theirFolder();
  const pidFile = join(folder, "pids.json");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(`${pidFile}.lock`, "", { mode: 0o600 }); // as a run with sudo leaves it
  const { code, out } = await cli(pidFile, "doctor");
  expect(code).toBe(1);
  expect(out).toContain(`${pidFile}.lock belongs to user 0 and is closed to you`);
});
