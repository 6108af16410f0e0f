import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { canScript, orphans, PROGRAM, Terminal } from "./fixtures/cli.js";
import { gone } from "./fixtures/processes.js";

const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?1049l";
const SHOW_CURSOR = "\u001b[?25h";

describe.skipIf(!canScript)("list --watch on a terminal", () => {
  it.each([
    ["q", "q"],
    ["Ctrl-C", "\u0003"],
  ])("leaves the screen as it was, by %s", async (_, key) => {
    const { pidFile, left } = await orphans("alpha");
    const args = ["list", "--watch", "--interval", "100ms", "--pid-file", pidFile];
    const terminal = new Terminal(args);
    await terminal.until("alpha");
    expect(terminal.shown.indexOf(ENTER)).toBeLessThan(terminal.shown.indexOf("alpha"));
    expect(terminal.shown).toContain("1 entry in ");
    expect(terminal.shown).toContain("SESSION");
    process.kill(left[0], "SIGKILL");
    await gone(left[0]);
    await terminal.until(/\d {2}gone/); // its state, and not only its owner's
    terminal.type(key);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown.endsWith(SHOW_CURSOR + LEAVE)).toBe(true);
  });

  it("never shows more lines than there are, and says how many are left out", async () => {
    const { pidFile } = await orphans("a", "b", "c", "d", "e");
    const terminal = new Terminal(["list", "--watch", "--pid-file", pidFile], 80, 6);
    await terminal.until("… 2 more");
    terminal.type("q");
    await terminal.ended();
    const [frame] = terminal.shown.split("\u001b[H").slice(1);
    expect(frame.split("\r\n").length).toBeLessThanOrEqual(6);
  });
});

describe("list --watch --json", () => {
  it("writes one document a line", async () => {
    const { pidFile } = await orphans("alpha");
    const args = ["list", "--watch", "--json", "--interval", "100ms", "--pid-file", pidFile];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    const documents: { at: string; entries: { sessionId: string }[] }[] = [];
    for await (const line of lines) if (documents.push(JSON.parse(line)) === 3) break;
    child.kill();
    await once(child, "close");
    expect(documents.map(({ entries }) => entries[0].sessionId)).toEqual([
      "alpha",
      "alpha",
      "alpha",
    ]);
    expect(Date.parse(documents[2].at)).toBeGreaterThan(Date.parse(documents[0].at));
  });
});
