// An ending that outlives its server: the next one goes on from where it was.
import { describe, expect, it } from "vitest";
import { Agents, IGNORE, LEAVE, SAVE } from "./fixtures/agents.js";
import { editRows, newPidFile, restart, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";
import {
  between,
  emptied,
  KEEPER_MS,
  keeperOptions,
  LONG_MS,
  monotonicMs,
  TICK_MS,
  working,
} from "./fixtures/working.js";

describe("the next server", () => {
  interface Left {
    agents: Agents;
    pidFilePath: string;
    pid: number;
  }
  /** A server that dies in the middle of an ending. */
  const leftBy = async (
    atTerm: string,
    target: unknown[],
    options: { killGraceMs?: number | false; asked?: boolean } = {},
  ): Promise<Left> => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: options.killGraceMs ?? LONG_MS });
    const { pid } = await server.spawn({ argv: agents.argv("agent", { atTerm }), token: "t" });
    await agents.up("agent");
    await server.call("linkByToken", "t", "s");
    await server.call("begin", ...target);
    await waitFor("the agent is asked", () => agents.asked("agent") === 1);
    await server.crash();
    return { agents, pidFilePath, pid };
  };

  it.each([
    ["terminate", ["terminate", "s", { graceMs: LONG_MS }], undefined],
    ["killBySessionId", ["killBySessionId", "s"], undefined],
    ["shutdown", ["shutdown", { graceMs: LONG_MS }], 50],
  ])(
    "keeps to the grace, asks nothing again, and tells the exit: after %s",
    async (_, target, killGraceMs) => {
      const { agents, pidFilePath, pid } = await leftBy("sleep 0.6; note saved; exit 0", target, {
        killGraceMs,
      });
      const next = takeOver(pidFilePath, { killGraceMs: 50 });
      expect(next.registry.size()).toBe(0);
      expect(next.registry.entries()).toMatchObject([{ pid, state: "terminating" }]);
      expect(next.registry.linkByToken("t", "s")).toBe(false);
      await emptied(next);
      expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
      expect(next.exits).toMatchObject([{ pid, lastSessionId: "s", state: "terminating" }]);
    },
  );

  it("kills when what is left of the grace is over", async () => {
    const { agents, pidFilePath } = await leftBy(IGNORE, ["terminate", "s", { graceMs: 700 }]);
    const asked = performance.now();
    takeOver(pidFilePath, { killGraceMs: LONG_MS });
    await holdsFor(250, "the grace is not over", () => agents.lives("agent"));
    await agents.gone("agent");
    expect(performance.now() - asked).toBeLessThan(1500);
    expect(agents.asked("agent")).toBe(1);
  });

  it("kills at once when the grace was over before it came", async () => {
    const { agents, pidFilePath } = await leftBy(IGNORE, ["terminate", "s", { graceMs: 400 }]);
    await holdsFor(400, "nobody ends it while no server runs", () => agents.lives("agent"));
    takeOver(pidFilePath, { killGraceMs: LONG_MS });
    await waitFor("it is killed", () => !agents.lives("agent"), 500);
  });

  it("never kills what was never to be killed", async () => {
    const { agents, pidFilePath, pid } = await leftBy(IGNORE, [
      "terminate",
      "s",
      { graceMs: false },
    ]);
    const next = takeOver(pidFilePath, { killGraceMs: 50 });
    await holdsFor(250, "it lives", () => agents.lives("agent"));
    expect(agents.asked("agent")).toBe(1);
    process.kill(pid, "SIGKILL");
    await emptied(next);
  });

  it("goes on as it was begun when it is replaced in its turn", async () => {
    const { agents, pidFilePath } = await leftBy("sleep 0.6; note saved; exit 0", [
      "terminate",
      "s",
      { graceMs: LONG_MS },
    ]);
    const second = takeOver(pidFilePath, { killGraceMs: 50 });
    const third = restart(second, { killGraceMs: 50 });
    await emptied(third);
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("may end it sooner, and not later", async () => {
    const sooner = await leftBy(IGNORE, ["terminate", "s", { graceMs: LONG_MS }]);
    const one = takeOver(sooner.pidFilePath).registry.terminate(
      { pid: sooner.pid },
      { graceMs: 100 },
    );
    expect((await within("the end", one, 2000)).outcome).toBe("killed");
    const later = await leftBy(IGNORE, ["terminate", "s", { graceMs: 500 }]);
    const two = takeOver(later.pidFilePath).registry.terminate(
      { pid: later.pid },
      { graceMs: LONG_MS },
    );
    expect((await within("the end", two, 2000)).outcome).toBe("killed");
    expect([sooner.agents.asked("agent"), later.agents.asked("agent")]).toEqual([1, 1]);
  });

  it("sends no other first signal than the one that was sent", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const ignoresHup = `trap '' HUP; sh "$0" "$folder" inner '${LEAVE}'`;
    await server.spawn({
      argv: agents.argv("agent", { atTerm: LEAVE, body: ignoresHup }),
      token: "t",
    });
    await agents.up("agent", "inner");
    await server.call(
      "begin",
      "terminate",
      { spawnToken: "t" },
      { signal: "SIGHUP", graceMs: LONG_MS },
    );
    await server.crash();
    takeOver(pidFilePath, { killGraceMs: 50 });
    await holdsFor(
      200,
      "nothing more is sent",
      () => agents.lives("agent") && agents.asked("agent") + agents.asked("inner") === 0,
    );
  });

  it.each(["terminate", "killBySessionId", "shutdown"])(
    "asks the keeper when pi has gone, and pi not again: after %s",
    async (how) => {
      const agents = new Agents();
      const pidFilePath = newPidFile();
      const server = await Server.start({ pidFilePath, killGraceMs: LONG_MS });
      const argv = agents.argv(
        "keeper",
        keeperOptions({ pi: "sleep 0.6; note saved; exit 0", then: "until_gone $child; stay" }),
      );
      await server.spawn({ argv, token: "t", socketPath: "/k.sock" });
      await agents.up("keeper", "pi");
      await server.call("linkByToken", "t", "s", agents.pid("pi"));
      await server.call("begin", how, ...(how === "shutdown" ? [] : ["s"]));
      await waitFor("pi is asked", () => agents.asked("pi") === 1);
      await server.crash();
      const next = takeOver(pidFilePath, { killGraceMs: 50 });
      await agents.gone("pi", "keeper");
      expect([
        agents.asked("pi"),
        agents.asked("keeper"),
        agents.notes("pi", "saved").length,
      ]).toEqual([1, 1, 1]);
      expect(between(agents, ["pi", "saved"], ["keeper", "term"])).toBeGreaterThanOrEqual(
        KEEPER_MS - TICK_MS,
      );
      await emptied(next);
    },
  );

  it("asks whom its predecessor had no time to ask", async () => {
    const opened = await working({ atTerm: SAVE });
    opened.registry.close();
    // As if the server had died between its record and its first signal; 0.1 recorded no more.
    editRows(opened.pidFile, (row) => void (row.terminating = true));
    const next = takeOver(opened.pidFile, { killGraceMs: LONG_MS });
    await emptied(next);
    expect([opened.agents.asked("agent"), opened.agents.notes("agent", "saved").length]).toEqual([
      1, 1,
    ]);
  });

  it("is not misled by a reused pid in `sent`: it asks the one who has it now", async () => {
    const opened = await working({ atTerm: SAVE });
    opened.registry.close();
    editRows(opened.pidFile, (row) => {
      row.terminating = true;
      row.ending = {
        signal: "SIGTERM",
        graceMs: LONG_MS,
        began: monotonicMs(),
        beganBootMs: 0,
        tree: false,
        sent: [{ pid: row.pid, birth: "somebody before" }],
      };
    });
    const next = takeOver(opened.pidFile, { killGraceMs: LONG_MS });
    await emptied(next);
    expect([opened.agents.asked("agent"), opened.agents.notes("agent", "saved").length]).toEqual([
      1, 1,
    ]);
  });

  it.each<[string, unknown]>([
    ["no object", 7],
    ["no fields", {}],
    [
      "nonsense in every field",
      {
        signal: "SIGNAL",
        graceMs: -1,
        began: "then",
        tree: 3,
        sent: [null, {}, { pid: 1, birth: 5 }],
      },
    ],
    [
      "a begin in the future",
      { signal: "SIGTERM", graceMs: 200, began: 9e15, tree: false, sent: [] },
    ],
  ])("is not stopped by an ending with %s", async (_, ending) => {
    const opened = await working({ atTerm: LEAVE });
    opened.registry.close();
    editRows(opened.pidFile, (row) => Object.assign(row, { terminating: true, ending }));
    const next = takeOver(opened.pidFile, { killGraceMs: 300 });
    await opened.agents.gone("agent");
    await emptied(next);
  });
});
