/** `scenarios.mjs <name> <folder>`: one scenario, inside of a container of its own (scripts/containers.mjs). */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import {
  check,
  file,
  folder,
  free,
  gone,
  host,
  isAlive,
  mountShared,
  open,
  pause,
  rows,
  Server,
  SLEEP,
  startAs,
  until,
  writeRows,
} from "./stage.mjs";

const MANY = 10,
  TICK_MS = 25;
const LONG_TOKEN = "0123456789abcdef-token";
const [ONE, OTHER] = [randomUUID(), randomUUID()];
const SAME_MACHINE = "c".repeat(32);
const agoIso = (ms) => new Date(Date.now() - ms).toISOString();

/** Everything that a server may do to a process that it takes for its own. */
async function tryToEnd(server, ...tokens) {
  await server.call("cleanupOrphans");
  for (const token of tokens) await server.call("killByToken", token);
  await server.call("killAll");
  await pause(150); // longer than the grace time
}

/** What a crashed server left: agents that init has adopted. */
async function orphans(count, under = [], request = {}, pidFile = file) {
  const server = new Server(under, pidFile);
  const pids = [];
  for (let n = 0; n < count; n++)
    pids.push((await server.spawn({ token: `t${n}`, ...request })).pid);
  await server.crash();
  return pids;
}

const orphan = async (under = [], request = {}, pidFile = file) =>
  (await orphans(1, under, { token: "t", ...request }, pidFile))[0];

/**
 * The pids of ten orphans pass to strangers, who must outlive the next server.
 * @param {Record<string, any>} options
 */
async function strangersLive({ under = [], request, edit = (row) => row, stranger = {} }) {
  const pids = await orphans(MANY, under, request);
  await pause(TICK_MS);
  writeRows(rows().map(edit));
  const innocents = [];
  for (const pid of pids) {
    await free(pid);
    innocents.push(startAs(pid, SLEEP, stranger));
  }
  const next = new Server(under);
  await tryToEnd(next, ...rows().map((row) => row.spawnToken));
  checkAlive(innocents);
  return next;
}

const checkAlive = (strangers) => {
  for (const [n, stranger] of strangers.entries()) check(`stranger ${n} lives`, stranger.lives());
};

/** And the next server tracks none of them. */
async function strangersLiveUntracked(options) {
  const next = await strangersLive(options);
  check("they are nobody's", (await next.call("size")) === 0);
}

const original = ({ pid, cwd, spawnToken }) => ({
  pid,
  cwd,
  spawnedAt: agoIso(60_000),
  spawnToken,
});

const scenarios = {
  /* --- two hosts ---------------------------------------------------------------------------- */

  async "keeps the rows of another host in a shared folder, and its server finds them again"() {
    const shared = await mountShared();
    const [here, there] = [host(ONE, SAME_MACHINE), host(OTHER, SAME_MACHINE)];
    const first = new Server(here, shared);
    const { pid } = await first.spawn({ token: "t" });
    const foreign = new Server(there, shared);
    await tryToEnd(foreign, "t");
    check("the other host's server has nothing", (await foreign.call("size")) === 0);
    check("the row stands in the file", rows(shared)[0]?.pid === pid);
    await first.crash();
    await foreign.call("cleanupOrphans");
    await foreign.call("cleanupOrphans");
    check("the row stands, dated, without its server", rows(shared)[0]?.foreignSince !== undefined);
    check(
      "it was told once",
      (await foreign.codes()).filter((code) => code === "HPR_EFOREIGN").length === 1,
    );
    const second = new Server(here, shared);
    await second.call("cleanupOrphans");
    check("its own host's next server has it", (await second.call("size")) === 1);
    check("the date is gone", rows(shared)[0].foreignSince === undefined);
    check("the agent lives", isAlive(pid));
    await second.call("killByToken", "t");
    await gone(pid);
  },

  async "gives up what nobody has looked after in a shared folder for seven days"() {
    const shared = await mountShared();
    const pid = await orphan(host(ONE), {}, shared);
    const foreign = new Server(host(OTHER), shared);
    await foreign.call("cleanupOrphans");
    await foreign.crash();
    const DAY_MS = 86_400_000;
    for (const [days, left] of [
      [6.9, 1],
      [7.1, 0],
    ]) {
      writeRows(
        rows(shared).map((row) => ({ ...row, foreignSince: agoIso(days * DAY_MS) })),
        shared,
      );
      const next = new Server(host(OTHER), shared);
      await next.call("cleanupOrphans");
      check(`after ${days} days ${left} are left`, rows(shared).length === left);
      check(
        "it is told when it is given up",
        (await next.codes()).includes("HPR_EABANDONED") === (left === 0),
      );
      await next.crash();
    }
    check("nobody was signalled", isAlive(pid));
  },

  async "drops the rows of another boot from a local folder, whoever has their pids now"() {
    const pid = await orphan(host(ONE, SAME_MACHINE));
    await free(pid);
    const innocent = startAs(pid);
    const next = new Server(host(OTHER, SAME_MACHINE));
    await tryToEnd(next, "t");
    check("the row is gone", rows().length === 0);
    check("who has the pid now lives", innocent.lives());
    // Names and starts repeat from boot to boot: with them, too, it is somebody else.
    const twin = await orphan(host(ONE, SAME_MACHINE));
    await tryToEnd(next, "t");
    check("the row with another boot's name is gone", rows().length === 0);
    check("who has that name lives", isAlive(twin));
  },

  async "knows its agents again although the machine id was made anew"() {
    const pid = await orphan(host(ONE, "a".repeat(32)));
    const next = new Server(host(ONE, "b".repeat(32)));
    await next.call("cleanupOrphans");
    check(
      "it has the agent",
      (await next.call("linkByToken", "t", "s")) && (await next.call("getPid", "s")) === pid,
    );
    await next.call("killByToken", "t");
    await gone(pid);
  },

  async "believes no pid from another container, and keeps its rows"() {
    // A second pid namespace with the same pids, on one kernel and in one local folder.
    const script = 'exec 3<&0; "$@" <&3 & wait $!'; // what runs in the background has no input of its own
    const inner = [
      "unshare",
      "--pid",
      "--fork",
      "--mount-proc",
      "--kill-child",
      "sh",
      "-c",
      script,
      "sh",
    ];
    const first = new Server(inner);
    const { pid } = await first.spawn({ token: "t" });
    const innocent = isAlive(pid) ? undefined : startAs(pid);
    const next = new Server();
    await tryToEnd(next, "t");
    check(
      "the row stands",
      rows().some((row) => row.pid === pid),
    );
    check("who has the pid here lives", innocent?.lives() ?? isAlive(pid));
    check("the agent there lives", (await first.call("size")) === 1);
    await first.call("killByToken", "t");
    await until("its own server ends it", async () => (await first.call("entries")).length === 0);
  },

  /* --- no boot id --------------------------------------------------------------------------- */

  async "knows its agents again by name where there is no boot id"() {
    const pid = await orphan(host("none"));
    const next = new Server(host("none"));
    await next.call("cleanupOrphans");
    check("it has the agent", (await next.call("size")) === 1);
    await next.call("killByToken", "t");
    await gone(pid);
  },

  async "knows its agents again by mark where nothing else can tell"() {
    // Neither boot id nor, as after the clock was set, the time of the boot.
    const pid = await orphan(host("none"), { token: LONG_TOKEN, env: { ANY: LONG_TOKEN } });
    const unmarked = await orphan(host("none"));
    writeRows(
      JSON.parse(readFileSync(file, "utf8").replaceAll(/\+\d{13}/g, "+1000000000000")).entries,
    );
    const next = new Server(host("none"));
    await next.call("cleanupOrphans");
    check("it has the one that carries its mark", (await next.call("size")) === 1);
    check(
      "it says that of the other it cannot tell",
      (await next.codes()).includes("HPR_EUNKNOWN"),
    );
    await next.call("killByToken", LONG_TOKEN);
    await gone(pid);
    await next.call("killByToken", "t");
    check(
      "the other lives, and its row stands",
      isAlive(unmarked) && rows().some((row) => row.pid === unmarked),
    );
  },

  /* --- clocks ------------------------------------------------------------------------------- */

  async "ends no young agent from a time namespace that began eight days before"() {
    const pid = await orphan();
    const inside = [
      "unshare",
      "--time",
      "--boottime",
      String(8 * 86_400),
      "--fork",
      "--kill-child",
    ];
    const next = new Server(inside);
    await next.call("cleanupOrphans");
    await pause(150);
    check("the agent lives", isAlive(pid));
    check("and is known", (await next.call("size")) === 1);
  },

  async "leaves an agent all of its grace, by whichever clock the next server tells it"() {
    const first = new Server();
    const save = `trap "sleep 1; echo saved > ${folder}/saved; exit" TERM; echo > ${folder}/up; while :; do sleep 0.05; done`;
    await first.spawn({ token: "t", argv: ["sh", "-c", save] });
    await until("the agent is up", () => existsSync(`${folder}/up`));
    await first.call("begin", "terminate", { spawnToken: "t" }, { graceMs: 20_000 });
    await first.crash();
    const next = new Server([
      "unshare",
      "--time",
      "--monotonic",
      "86400",
      "--fork",
      "--kill-child",
    ]);
    await next.call("cleanupOrphans");
    await until("its work is saved", () => existsSync(`${folder}/saved`));
  },

  /* --- filters of system calls -------------------------------------------------------------- */

  async "ends what a crashed agent has left, and takes agents over"() {
    const first = new Server();
    const { pid } = await first.spawn({
      token: "t",
      argv: ["sh", "-c", `sleep 120 & echo $! > ${folder}/tool; exec sleep 120`],
    });
    let tool = 0;
    await until("the tool runs", () => (tool = readPid(`${folder}/tool`)) > 0);
    process.kill(pid, "SIGKILL");
    await until(
      "what is left is a remainder",
      async () => (await first.call("entries"))[0]?.state === "remainder",
    );
    await first.call("killByToken", "t");
    if (process.env.HPR_REFUSED?.includes("pidfd")) await endedOrKept(first, tool);
    else await gone(tool);
    const { pid: other } = await first.spawn({ token: "u" });
    await first.crash();
    const next = new Server();
    await next.call("cleanupOrphans");
    check("the next server has the other agent", (await next.call("size")) === 1);
    await next.call("killByToken", "u");
    await gone(other);
    await until("its exit is noticed", async () => (await next.call("entries")).length === 0);
    const withheld = (await next.codes()).filter((code) => code === "HPR_EWITHHELD").length;
    check("what is withheld is told once", withheld === Number(process.env.HPR_WITHHELD));
  },

  /* --- reused pids ---------------------------------------------------------------------------- */

  "leaves strangers alone by what the kernel tells of processes": () => strangersLiveUntracked({}),

  "leaves strangers alone by name where there is no boot id": () =>
    strangersLiveUntracked({ under: host("none") }),

  "leaves strangers alone by the mark of an original's row": () =>
    strangersLiveUntracked({
      request: { token: LONG_TOKEN, env: { ANY: LONG_TOKEN } },
      edit: original,
      stranger: { cwd: "/" },
    }),

  "leaves strangers alone by the time and folder of an original's row": () =>
    strangersLiveUntracked({ edit: original, stranger: { cwd: "/" } }),

  "leaves strangers alone that started late in the folder of an original's row": () =>
    strangersLive({ edit: original }),

  async "leaves strangers alone that have the pids of a group's dead leader and its last member"() {
    const first = new Server();
    const agents = [];
    for (let n = 0; n < MANY; n++) {
      const file = `${folder}/tool-${n}`;
      const argv = ["sh", "-c", `sleep 120 & echo $! > ${file}; exec sleep 120`];
      const { pid } = await first.spawn({ token: `t${n}`, argv });
      await until("the tool runs", () => readPid(file) > 0);
      agents.push({ pid, tool: readPid(file) });
      process.kill(pid, "SIGKILL");
    }
    await until("what is left are remainders", async () => {
      const left = (await first.call("entries")).filter((it) => it.state === "remainder");
      return left.length === MANY;
    });
    await first.crash();
    await pause(TICK_MS);
    const innocents = [];
    for (const { pid, tool } of agents) {
      await free(tool);
      innocents.push(startAs(pid), startAs(tool));
    }
    await tryToEnd(new Server(), ...agents.map((_, n) => `t${n}`));
    checkAlive(innocents);
    check("nothing of them is left in the file", rows().length === 0);
  },

  async "leaves strangers alone that have the pid before the event loop runs"() {
    const pids = await orphans(MANY);
    const { registry } = open();
    registry.cleanupOrphans();
    await until("the agents are taken over", () => registry.size() === MANY);
    await pause(TICK_MS);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    for (const end = Date.now() + 5000; pids.some(isAlive) && Date.now() < end; );
    const innocents = pids.map((pid) => startAs(pid));
    for (const n of pids.keys()) registry.killByToken(`t${n}`);
    registry.killAll();
    await pause(150);
    checkAlive(innocents);
    check("the entries are gone", registry.entries().length === 0);
  },
};

function readPid(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

/** Without pidfds a group is proved by members that were recorded before its leader was reaped. */
async function endedOrKept(server, tool) {
  await pause(300);
  const kept = rows().some((row) => row.remainder) && (await server.call("entries")).length > 0;
  check("what could not be ended is not forgotten", !isAlive(tool) || kept);
}

export const names = Object.keys(scenarios);

if (process.argv[3]) {
  try {
    await scenarios[process.argv[2]]();
    process.exit(0);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
