import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROGRAM, runToEnd } from "./fixtures/cli.js";
import { ROOT } from "./fixtures/processes.js";

const COMMANDS = ["list", "tree", "inspect", "kill", "reap", "wait", "forget", "doctor"];
const run = (...args: string[]) => runToEnd([process.execPath, PROGRAM, ...args]);
const runs = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;

describe("help", () => {
  it("names every command, and explains each", async () => {
    const { code, out } = await run("help");
    expect(code).toBe(0);
    for (const command of [...COMMANDS, "completion", "version"]) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b.*  \\S`, "m"));
      expect((await run("help", command)).out).toContain(`Usage: headless-pids ${command}`);
    }
  });

  it.each([
    [["lisst"], "(Did you mean list?)"],
    [["kil", "x"], "(Did you mean kill?)"],
    [["list", "--orphan"], "(Did you mean --orphans?)"],
    [["reap", "--dry-rum"], "(Did you mean --dry-run?)"],
  ])("suggests what was meant by %j", async (args, suggestion) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(suggestion);
    expect(err).not.toContain("error:");
  });
});

describe("completion", () => {
  /** What bash would offer after those words. */
  function offered(...words: string[]): string[] {
    const script = `source <("$0" "$1" completion bash); headless-pids() { "\${program[@]}" "$@"; }
      program=("$0" "$1"); shift; COMP_WORDS=(headless-pids "$@"); COMP_CWORD=$#
      _headless_pids; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const args = ["-c", script, process.execPath, PROGRAM, ...words];
    return spawnSync("bash", args, { encoding: "utf8" }).stdout.trim().split("\n");
  }

  it.skipIf(!runs("bash"))("offers commands, options and their values in bash", () => {
    expect(offered("ki")).toEqual(["kill"]);
    expect(offered("--pid-file", "/x", "do")).toEqual(["doctor"]);
    expect(offered("list", "--or")).toEqual(["--orphans"]);
    expect(offered("list", "--sort", "m")).toEqual(["mem"]);
    expect(offered("kill", "--signal", "K")).toEqual(["KILL"]);
    expect(offered("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });

  it.each(["bash", "zsh", "fish"])("prints a script that %s takes", async (shell) => {
    const { code, out } = await run("completion", shell);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(command);
    if (!runs(shell)) return console.warn(`SKIP: there is no ${shell} to read its script`);
    const { status, stderr } = spawnSync(shell, ["-n"], { input: out, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("the manual page", () => {
  const { man } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { man: string };
  const page = readFileSync(join(ROOT, man), "utf8");

  it("is in the package, and says what help says", async () => {
    for (const command of COMMANDS) expect(page).toContain(`.SS headless\\-pids ${command}`);
    const { out } = await run("help", "--json");
    const { help } = JSON.parse(out) as {
      help: { commands: { options: { long: string }[] }[] };
    };
    for (const { long } of help.commands.flatMap(({ options }) => options))
      expect(page).toContain(long.replaceAll("-", "\\-"));
    for (const code of [0, 1, 2, 3, 4]) expect(page).toContain(`.TP\n.B ${code}\n`);
  });

  it.skipIf(!runs("groff"))("is one that groff has nothing against", () => {
    const args = ["-man", "-ww", "-z", "-Tutf8"];
    // Not under our sanitizers, which would complain of it.
    const env = { ...process.env, LD_PRELOAD: undefined };
    const { status, stderr } = spawnSync("groff", args, { input: page, encoding: "utf8", env });
    expect([status, stderr]).toEqual([0, ""]);
  });
});
