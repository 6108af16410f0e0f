/**
 * The registry with the real agent: `npm run e2e`. Installs it beside this file and plays a
 * session's life, keeper, server's death and wedged agents included. Exits with 0 only if all that
 * it claims was seen; where the registry of packages does not answer it says SKIP.
 */
import { check } from "../examples/demo/claims.mjs";
import { perform } from "../examples/demo/perform.mjs";
import { read, signal } from "../examples/demo/processes.mjs";
import { findMessage } from "../examples/demo/session-log.mjs";
import { heading, say } from "../examples/demo/table.mjs";
import { waitFor } from "../examples/demo/wait.mjs";
import { installAgent } from "./install.mjs";

const START_LIMIT_MS = 60_000; // a cold start of the agent, on a busy machine
const NAMES = ["asked", "stopped", "wedged"];
const SIGTERM_STATUS = 143;

async function play(stage) {
  const first = await stage.startServer();
  const sessions = await startSessions(stage, first);
  for (const session of sessions) await link(first, session, { spawnToken: session.spawnToken });
  for (const session of sessions) await ask(first, session, "first");
  const second = await replaceServer(stage, first, sessions);
  for (const session of sessions) await link(second, session, { pid: session.piPid });
  const [asked, stopped, wedged] = sessions;
  await ask(second, asked, "second");
  await endAsked(stage, second, asked);
  await endStopped(stage, second, stopped);
  await endWedged(stage, second, wedged);
  await showNothingIsLeft(stage, second);
}

async function startSessions(stage, server) {
  heading(`1  A server (pid ${server.pid}) starts agents through keepers`);
  const sessions = [];
  for (const name of NAMES) {
    const started = await server.call("start", { name, kind: "keeper", cwd: stage.project });
    const piPid = await waitFor(`${name}'s agent`, () => server.call("piPid", name));
    stage.witness.remember(started.pid, piPid);
    sessions.push({ name, ...started, piPid });
    say(`${name}: keeper ${started.pid}, agent ${piPid}`);
  }
  check(
    "all of them live",
    sessions.every((it) => isAlive(stage, it)),
  );
  return sessions;
}

async function link(server, session, names) {
  const argument = { sessionId: session.name, pid: session.piPid, ...names };
  const tier = await server.call("sessionRegister", argument);
  const pid = await server.call("getPid", session.name);
  const expected = names.spawnToken ? "token" : "pid";
  check(
    `${session.name} is linked by ${expected}: pid ${session.piPid}`,
    tier === expected && pid === session.piPid,
  );
}

async function ask(server, session, id) {
  const line = JSON.stringify({ id, type: "get_state" });
  check(
    `the keeper of ${session.name} takes ${line}`,
    await server.call("writeRpc", { sessionId: session.name, line }),
  );
  const isAnswer = { type: "response", id };
  const answer = await waitFor("the answer", () => findMessage(session, isAnswer), START_LIMIT_MS);
  check("the agent answers", answer.command === "get_state" && answer.success === true);
}

async function replaceServer(stage, server, sessions) {
  heading("2  The server is killed; a second one reclaims the agents");
  check("it had no chance to clean up", (await server.kill()) === "SIGKILL");
  check(
    "the agents live on",
    sessions.every((it) => isAlive(stage, it)),
  );
  const second = await stage.startServer();
  check("all are reclaimed", (await second.call("reclaim")) === sessions.length);
  return second;
}

async function endAsked(stage, server, session) {
  heading("3  An agent is asked to end");
  await end(stage, server, session, "exited");
  const ended = findMessage(session, { type: "agent_exit" });
  check(`the agent's status is ${ended?.code}`, ended?.code === SIGTERM_STATUS);
}

async function endStopped(stage, server, session) {
  heading("4  A stopped agent is woken, so that it can end by itself");
  signal(session.piPid, "SIGSTOP");
  await waitFor("the stop", () => stateOf(session.piPid) === "T");
  await end(stage, server, session, "exited");
  const ended = findMessage(session, { type: "agent_exit" });
  check(`the agent's status is ${ended?.code}`, ended?.code === SIGTERM_STATUS);
}

/** It runs in a circle and is stopped on top of that: no request to end can reach it. */
async function endWedged(stage, server, session) {
  heading("5  An agent that hangs is killed");
  signal(session.piPid, "SIGUSR2");
  const before = cpuTicksOf(session.piPid);
  await waitFor("it to hang", () => cpuTicksOf(session.piPid) > before + 10);
  signal(session.piPid, "SIGSTOP");
  await waitFor("the stop", () => stateOf(session.piPid) === "T");
  await end(stage, server, session, "killed");
}

async function end(stage, server, session, expected) {
  const { outcome } = await server.call("terminate", session.name);
  check(`terminate() says "${outcome}"`, outcome === expected);
  const pids = [session.pid, session.piPid];
  check(
    "keeper and agent are gone",
    pids.every((pid) => !stage.witness.isAlive(pid)),
  );
}

async function showNothingIsLeft(stage, server) {
  heading("6  Nothing is left");
  check("the registry is empty", (await server.call("entries")).length === 0);
  check("the pid file has no entries", stage.recorded().length === 0);
  check("the server closes in order", (await server.close()) === 0);
  check("no process of this run is alive", stage.witness.marked().length === 0);
}

// --- what the system tells -----------------------------------------------------------------------

function isAlive(stage, { pid, piPid }) {
  return stage.witness.isAlive(pid) && stage.witness.isAlive(piPid);
}

/** The fields after the name, the process's state first: proc_pid_stat(5). */
function statOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function stateOf(pid) {
  return statOf(pid)[0];
}

function cpuTicksOf(pid) {
  return Number(statOf(pid)[11]);
}

const agent = installAgent();
if (agent) {
  process.env.PI_BIN = agent;
  process.env.NODE_OPTIONS = `--import=${new URL("wedge.mjs", import.meta.url)}`;
  await perform("e2e", play);
} else {
  console.log(
    "e2e: SKIP: the real agent cannot be installed, the registry of packages does not answer",
  );
}
