import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canScript, cli, orphans, PROGRAM, runToEnd, Terminal } from "./fixtures/cli.js";
import { gone, sleeper, start } from "./fixtures/processes.js";
import { editRows, open, temporaryFolder } from "./fixtures/registry.js";

const pidsOf = ({ out }: { out: string }): number[] => out.trim().split("\n").map(Number);
const LONG = "/home/somebody/projects/monorepo/packages/agent";
const WIDE = "セッション名が長い";

/** Three rows, whose texts need more than 80 columns. */
async function longRows(): Promise<string> {
  const { pidFile } = await orphans("0190f3c2-7d41-7a6e-9c1b-5f2f3d1e9a77", WIDE, "plain");
  editRows(pidFile, (row) => (row.cwd = row.sessionId === WIDE ? "/日本語/フォルダ名" : LONG));
  return pidFile;
}

describe("list", () => {
  it("tells only the PIDs with --quiet, and none of a process that is not provably there", async () => {
    const { pidFile, left } = await orphans("alpha", "beta", "gamma");
    const stranger = sleeper();
    editRows(pidFile, (row) => {
      if (row.sessionId === "beta") row.pid = stranger.pid; // somebody else has that pid now
    });
    process.kill(left[2], "SIGKILL");
    await gone(left[2]);
    expect(pidsOf(await cli(pidFile, "list", "--quiet"))).toEqual([left[0]]);
  });

  it("chooses by session, folder and owner", async () => {
    const { pidFile, left } = await orphans("alpha", "alpine", "beta");
    const { registry } = open({ pidFilePath: pidFile });
    const child = sleeper();
    registry.register(child.pid, "/work/beta/inside", child);
    const shown = async (...args: string[]) => pidsOf(await cli(pidFile, "list", "-q", ...args));
    expect(await shown("--session", "alp")).toEqual(left.slice(0, 2));
    expect(await shown("--cwd", "/work/beta")).toEqual([left[2], child.pid]);
    expect(await shown("--cwd", "/work/bet")).toEqual([0]); // no line at all
    expect(await shown("--orphans")).toEqual(left);
    expect((await cli(pidFile, "list", "--session", "nobody")).out).toBe(
      `none of 4 entries in ${pidFile}\n`,
    );
  });

  it("sorts", async () => {
    const { pidFile, left } = await orphans("beta", "alpha");
    expect(pidsOf(await cli(pidFile, "list", "-q", "--sort", "session"))).toEqual([
      left[1],
      left[0],
    ]);
    const { code, err } = await cli(pidFile, "list", "--sort", "colour");
    expect(code).toBe(2);
    expect(err).toContain("Allowed choices are session, pid,");
  });

  it("adds up what an entry's processes use, its descendants included", async () => {
    const { registry, pidFile } = open();
    const script = `"$0" -e 'globalThis.kept = Buffer.alloc(1e8, 1); console.log(1); setInterval(() => {}, 1e6)' & wait`;
    const child = start(["sh", "-c", script, process.execPath], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    registry.register(child.pid, "/work", child);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
    const { entries } = JSON.parse((await cli(pidFile, "list", "--json")).out);
    expect(entries[0].residentBytes).toBeGreaterThan(1e8);
    expect(entries[0].command).toMatch(/^sh -c /);
    expect(entries[0].cpuPercent).toBeGreaterThan(0);
  });

  it("cuts nothing off in a pipe", async () => {
    const pidFile = await longRows();
    const { out } = await cli(pidFile, "list");
    expect(out).toContain("0190f3c2-7d41-7a6e-9c1b-5f2f3d1e9a77");
    expect(out).toContain(LONG);
    expect(out).not.toContain("…");
  });
});

describe.skipIf(!canScript)("list on a terminal", () => {
  it("fits into 80 columns, and keeps the end of a folder", async () => {
    const pidFile = await longRows();
    const lines = await Terminal.lines(["list", "--pid-file", pidFile]);
    expect(lines).toHaveLength(5);
    for (const line of lines.slice(0, 4)) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/^0190f3c2\S*… .* …\/agent +sleep 300$/);
    expect(lines[4]).toBe(`3 entries in ${pidFile}`);
  });

  it("gives wide characters two columns", async () => {
    const pidFile = await longRows();
    const [head, ...rows] = await Terminal.lines(["list", "--pid-file", pidFile], 200);
    const at = head.indexOf("PID") + 3;
    expect(rows[0].slice(at - 4, at + 1)).toMatch(/^ *\d+ $/);
    expect(rows[1]).toContain(WIDE);
    expect(rows[1].slice(at - WIDE.length - 4, at - WIDE.length + 1)).toMatch(/^ *\d+ $/);
  });

  it("shows all with --no-trunc, and what is left of the columns where there is little room", async () => {
    const pidFile = await longRows();
    const all = await Terminal.lines(["list", "--no-trunc", "--pid-file", pidFile]);
    expect(all.join("\n")).toContain(LONG);
    const [head, ...rows] = await Terminal.lines(["list", "--pid-file", pidFile], 40);
    expect(head).toMatch(/^SESSION +PID +STATE +/);
    expect(head).not.toContain("OWNER");
    for (const row of rows.slice(0, 3)) expect(row.length).toBeLessThanOrEqual(40);
  });
});

describe("the usual file", () => {
  it("is looked for in the home folder", async () => {
    const HOME = temporaryFolder();
    const pidFilePath = join(HOME, ".pi", "dashboard", "headless-pids.json");
    mkdirSync(join(HOME, ".pi"));
    const { registry } = open({ pidFilePath });
    const child = sleeper();
    registry.register(child.pid, "/work", child);
    expect(JSON.parse(readFileSync(pidFilePath, "utf8")).entries).toHaveLength(1);
    const { out } = await runToEnd([process.execPath, PROGRAM, "list", "-q"], { HOME });
    expect(pidsOf({ out })).toEqual([child.pid]);
  });
});
