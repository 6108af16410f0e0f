import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { HeadlessAuditLine } from "../lib/types.js";
import { cli, orphans, PROGRAM, runToEnd } from "./fixtures/cli.js";
import { gone, sleeper } from "./fixtures/processes.js";
import { editRows, temporaryFolder } from "./fixtures/registry.js";

const linesOf = (file: string): HeadlessAuditLine[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as HeadlessAuditLine);

const audited = (file: string, pidFile: string, ...args: string[]) =>
  runToEnd([process.execPath, PROGRAM, ...args, "--pid-file", pidFile], {
    HEADLESS_PIDS_AUDIT: file,
  });

it("writes a line for each end that it brought about, where that is asked for", async () => {
  const { pidFile, left } = await orphans("alpha", "beta");
  const file = join(temporaryFolder(), "audit.jsonl");
  expect((await audited(file, pidFile, "kill", "alpha", "--signal", "INT", "--yes")).code).toBe(0);
  renameSync(file, `${file}.1`); // as logrotate does
  expect((await audited(file, pidFile, "reap", "--yes")).code).toBe(0);
  const about = { pidFile, outcome: "exited", by: { uid: process.getuid!() } };
  expect(linesOf(`${file}.1`)).toMatchObject([
    { ...about, pid: left[0], sessionId: "alpha", why: "kill", signal: "SIGINT" },
  ]);
  expect(linesOf(file)).toMatchObject([
    { ...about, pid: left[1], sessionId: "beta", why: "reap", signal: "SIGTERM" },
  ]);
  expect(readFileSync(file, "utf8")).not.toContain("token-");
});

it("writes nothing for what it did not end", async () => {
  const { pidFile, left } = await orphans("alpha");
  const folder = temporaryFolder();
  const file = join(folder, "audit.jsonl");
  await audited(file, pidFile, "list");
  await audited(file, pidFile, "reap", "--dry-run");
  const stranger = sleeper();
  editRows(pidFile, (row) => (row.pid = stranger.pid));
  await audited(file, pidFile, "kill", "alpha", "--yes");
  expect(() => readFileSync(file)).toThrow();
  process.kill(left[0], "SIGKILL");
  await gone(left[0]);
});

it("ends what it is to end whatever becomes of the line, and says so", async () => {
  const { pidFile, left } = await orphans("alpha");
  const file = join(temporaryFolder(), "audit.jsonl");
  mkdirSync(file); // no line can be written to a folder
  const { code, err } = await audited(file, pidFile, "kill", "alpha", "--yes");
  expect(code).toBe(0);
  expect(err).toContain(file);
  await gone(left[0]);
});

it("refuses to write its lines into the pid file", async () => {
  const { pidFile, left } = await orphans("alpha");
  const before = readFileSync(pidFile, "utf8");
  expect((await audited(pidFile, pidFile, "kill", "alpha", "--yes")).code).toBe(2);
  expect(readFileSync(pidFile, "utf8")).toBe(before);
  process.kill(left[0], 0);
});

it("tells of a session's past ends in inspect", async () => {
  const { pidFile, left } = await orphans("alpha", "beta");
  const file = join(temporaryFolder(), "audit.jsonl");
  await audited(file, pidFile, "kill", "alpha", "--yes");
  editRows(pidFile, (row) => (row.sessionId = "alpha")); // the session has a new agent
  const { out } = await audited(file, pidFile, "inspect", "alpha");
  expect(out).toMatch(new RegExp(`PID ${left[0]}: kill by process \\d+, SIGTERM: exited`));
  expect((await cli(pidFile, "inspect", "alpha")).out).not.toContain("exited");
});
