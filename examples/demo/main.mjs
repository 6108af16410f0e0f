/**
 * The registry at work: `npm run demo`. Exits with 0 only if all that it claims was seen.
 * PI_BIN=/path/to/pi runs the real agent in place of the one in this folder.
 */
import { check } from "./claims.mjs";
import { monotonicMs } from "./clock.mjs";
import { perform } from "./perform.mjs";
import { findMessage } from "./session-log.mjs";
import { GRACE_MS } from "./stage.mjs";
import { heading, printTable, say } from "./table.mjs";
import { waitFor } from "./wait.mjs";

const ANSWER_LIMIT_MS = 15_000; // the real agent takes its time to start
const SHOWN_CHARS = 160;
const KINDS = { plain: "plain", "keeper-a": "keeper", "keeper-b": "keeper", stubborn: "stubborn" };

async function play(stage) {
  say(`The agent is ${process.env.PI_BIN || "examples/demo/agent.mjs"}.`);
  const first = await stage.startServer();
  const sessions = await startSessions(stage, first);
  await linkSessions(stage, first, sessions);
  await askThroughKeeper(first, sessions["keeper-a"]);
  await killServer(stage, first, sessions);
  const second = await stage.startServer();
  await reclaim(stage, second, sessions);
  await linkByPiPid(stage, second, sessions);
  await noticeExit(stage, second, sessions.plain);
  const ending = await endTheRest(stage, second);
  await watchKeepersEnd(stage, second, sessions);
  await escalate(stage, second, sessions.stubborn, ending);
  await showNothingIsLeft(stage, second);
}

async function startSessions(stage, server) {
  heading(`1  A server (pid ${server.pid}) starts four sessions in one folder`);
  const sessions = {};
  for (const [name, kind] of Object.entries(KINDS)) {
    const argument = { name, kind, cwd: stage.project };
    const session = { name, ...(await server.call("start", argument)) };
    session.piPid = session.socketPath ? await piPidOf(server, name) : session.pid;
    stage.witness.remember(session.pid, session.piPid);
    sessions[name] = session;
    say(`${name.padEnd(8)}  pid ${session.pid}${describe(session)}`);
  }
  await waitFor("the stubborn agent", () => findMessage(sessions.stubborn, { type: "ready" }));
  sessions.stubborn.toolPid = findMessage(sessions.stubborn, { type: "tool" }).pid;
  stage.witness.remember(sessions.stubborn.toolPid);
  say(`stubborn has started a tool in a session of its own, pid ${sessions.stubborn.toolPid}`);
  check("all of them live", allAlive(stage, sessions));
  check("all of them are in the pid file", recordedPids(stage).join() === pidsOf(sessions).join());
  await show(stage, server);
  return sessions;
}

function describe({ name, pid, piPid }) {
  if (name === "stubborn") return " runs examples/demo/agent.mjs, and ignores SIGTERM";
  return pid === piPid ? "" : ` is a keeper that runs the agent, pid ${piPid}`;
}

/** The keeper's child; in a dashboard the agent itself reports it. */
function piPidOf(server, name) {
  return waitFor(`${name} to listen`, () => server.call("piPid", name));
}

/** The agents report in. All share a folder, so the folder can only tell the last one left. */
async function linkSessions(stage, server, sessions) {
  heading("2  The agents report in: two by token, one by pid, one by folder");
  for (const name of ["keeper-a", "keeper-b"]) {
    const { spawnToken, piPid } = sessions[name];
    await link(server, sessions[name], { spawnToken, pid: piPid }, "token");
  }
  await link(server, sessions.plain, { pid: sessions.plain.pid }, "pid");
  await link(server, sessions.stubborn, { cwd: stage.project }, "cwd");
  await show(stage, server);
}

async function link(server, session, names, expectedTier) {
  const tier = await server.call("sessionRegister", { sessionId: session.name, ...names });
  const pid = await server.call("getPid", session.name);
  check(
    `${session.name} is linked by ${expectedTier}: pid ${session.piPid}`,
    tier === expectedTier && pid === session.piPid,
  );
}

async function askThroughKeeper(server, session) {
  heading(`3  An RPC line goes through the keeper of ${session.name}`);
  await ask(server, session, "first");
}

async function ask(server, session, id) {
  const line = JSON.stringify({ id, type: "get_state" });
  say(`> ${line}`);
  const written = await server.call("writeRpc", { sessionId: session.name, line });
  check("the keeper took it", written === true);
  const isAnswer = { type: "response", id };
  const answer = await waitFor("the answer", () => findMessage(session, isAnswer), ANSWER_LIMIT_MS);
  const text = JSON.stringify(answer);
  say(`< ${text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}...` : text}`);
  check("the agent answered", answer.command === "get_state" && answer.success === true);
}

async function killServer(stage, server, sessions) {
  heading("4  The server is killed with SIGKILL");
  check("it had no chance to clean up", (await server.kill()) === "SIGKILL");
  check("its sessions live on", allAlive(stage, sessions));
  check("the pid file knows them", recordedPids(stage).join() === pidsOf(sessions).join());
  printTable(stage.roster.observe());
}

async function reclaim(stage, server, sessions) {
  heading(`5  A second server (pid ${server.pid}) reclaims the survivors`);
  const count = await server.call("reclaim");
  const entries = await server.call("entries");
  const pids = entries.map((entry) => entry.pid);
  check(
    `${count} reclaimed: ${pids.join(", ")}`,
    count === Object.keys(KINDS).length && pids.join() === pidsOf(sessions).join(),
  );
  check(
    "all of them may be signalled",
    entries.every((entry) => entry.kin),
  );
  await show(stage, server);
}

/** The file holds no session ids, but pi's pids; and those are what agents report again. */
async function linkByPiPid(stage, server, sessions) {
  heading("6  The agents report in again, by pi's pid alone");
  for (const session of Object.values(sessions))
    await link(server, session, { pid: session.piPid }, "pid");
  await ask(server, sessions["keeper-b"], "second");
  await show(stage, server);
}

async function noticeExit(stage, server, session) {
  heading(`7  ${session.name} crashes; this server is not its parent`);
  const crashedAtMs = monotonicMs();
  stage.witness.crash(session.pid);
  const { exit, atMs } = await exitOf(server, session);
  const latency = (atMs - crashedAtMs).toFixed(1);
  check(
    `the system told the server ${latency} ms after the signal: ${exit.sessionId} is gone`,
    exit.sessionId === session.name && !stage.witness.isAlive(session.pid),
  );
  const isRecorded = () => recordedPids(stage).includes(session.pid);
  await waitFor("its row to go", () => !isRecorded());
  check("the pid file follows", !isRecorded());
  await show(stage, server);
}

/** Asks all at once, the stubborn one first, and resolves before any of them has gone. */
async function endTheRest(stage, server) {
  heading("8  The second server ends the rest");
  const startedAtMs = monotonicMs();
  const result = server.call("terminate", "stubborn");
  const { delivered, entries } = await server.call("kill", ["keeper-a", "keeper-b"]);
  check("SIGTERM was delivered to both agents under keepers", delivered.join() === "true,true");
  const left = entries.filter((entry) => entry.state === "terminating");
  const names = left.map(({ sessionId }) => sessionId);
  // On a busy machine an agent may be gone before the server gets round to asking.
  check(
    `terminating: ${names.join(", ")}`,
    left.length === entries.length && names.includes("stubborn"),
  );
  printTable(stage.roster.observe(entries));
  return { result, startedAtMs };
}

async function watchKeepersEnd(stage, server, sessions) {
  heading("9  The agents go, and their keepers after them");
  for (const name of ["keeper-a", "keeper-b"]) {
    const { pid, piPid } = sessions[name];
    await exitOf(server, sessions[name]);
    const alive = [pid, piPid].filter((it) => stage.witness.isAlive(it));
    check(`${name} is gone, keeper and agent`, alive.length === 0);
  }
  const isNotice = { type: "sigterm_ignored" };
  const notice = await waitFor("stubborn", () => findMessage(sessions.stubborn, isNotice));
  check("stubborn got SIGTERM as well, and ignores it", notice.type === isNotice.type);
  await show(stage, server);
}

async function escalate(stage, server, { toolPid }, { result, startedAtMs }) {
  heading(`10 The stubborn one gets SIGKILL after ${GRACE_MS} ms`);
  const { outcome } = await result;
  const tookMs = Math.round(monotonicMs() - startedAtMs);
  check(`terminate() says "${outcome}" after ${tookMs} ms`, outcome === "killed");
  check(`its tool, pid ${toolPid}, went with it`, !stage.witness.isAlive(toolPid));
  await show(stage, server);
}

async function showNothingIsLeft(stage, server) {
  heading("11 Nothing is left");
  check("the registry is empty", (await server.call("entries")).length === 0);
  check("the pid file has no entries", stage.recorded().length === 0);
  const left = stage.witness.marked();
  check("of this run only the server is alive", left.length === 1 && left[0] === server.pid);
  check("the second server closes in order", (await server.close()) === 0);
  const { known } = stage.witness;
  const alive = known.filter((pid) => stage.witness.isAlive(pid));
  check(`all ${known.length} processes are dead: ${known.join(", ")}`, alive.length === 0);
  check(
    "no process of this run is alive that was not told of",
    stage.witness.marked().length === 0,
  );
  printTable(stage.roster.observe());
}

// --- what the steps share ------------------------------------------------------------------------

async function show(stage, server) {
  printTable(stage.roster.observe(await server.call("entries")));
}

function exitOf(server, { name, pid }) {
  return waitFor(`the server to notice the end of ${name}`, () => server.exitOf(pid));
}

function allAlive(stage, sessions) {
  return Object.values(sessions).every(({ pid, piPid }) =>
    [pid, piPid].every((it) => stage.witness.isAlive(it)),
  );
}

function pidsOf(sessions) {
  return Object.values(sessions).map(({ pid }) => pid);
}

function recordedPids(stage) {
  return stage.recorded().map(({ pid }) => pid);
}

await perform("demo", play);
