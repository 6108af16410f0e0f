/**
 * What a server does with the package, with real children, on whatever system this is:
 * node lifecycle.mjs <folder of the package> [the system whose code its binary has].
 * No test runner: under Wine node.exe writes to files alone.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

const PATIENCE_MS = 20_000;
const KEEPER_TURN_MS = 200; // in which it may go by itself
const system = process.argv[3] ?? process.platform;
const onWindows = system === "win32";
/** Whether two paths lead to one folder: the others cannot ask without waiting. */
const tellsFolders = system === "linux";
const installed = path.resolve(process.argv[2]);
const { createHeadlessPidRegistry, createKeeperWriter, readPidFile } = createRequire(
  import.meta.url,
)(installed);
const fixtures = path.join(path.dirname(fileURLToPath(import.meta.url)), "roles.mjs");

const started = new Set();
let folder;
let pidFile;

/* --- children ------------------------------------------------------------------------------- */

/** This program's helper in a role; it writes what it has to say to a file. */
async function start(role, ...args) {
  const said = path.join(folder, `said-${started.size}`);
  const child = spawn(process.execPath, [fixtures, role, said, installed, ...args], {
    detached: true, // else it ends with us, in libuv's job
    stdio: "ignore",
  });
  started.add(child);
  await until(
    () => existsSync(said) && readFileSync(said, "utf8").endsWith("\n"),
    `${role} speaks`,
  );
  return { child, pid: Number(child.pid), said: JSON.parse(readFileSync(said, "utf8")) };
}

/** A zombie has ended: it is whoever adopted it that has not looked yet. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return (
      process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
    );
  } catch {
    return false;
  }
}

async function until(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Where a keeper of that name listens. */
const socketOf = (name) => (onWindows ? `\\\\.\\pipe\\${name}` : path.join(folder, `${name}.sock`));

/** The same folder, spelled in another way that this system takes for the same. */
function respelled() {
  if (onWindows) return folder.replace("hpr", "HPR");
  return tellsFolders ? path.join(folder, "x", "..") + path.sep : folder;
}

/** How a process ends that does nothing about SIGTERM: on Windows that is TerminateProcess. */
const ended = onWindows ? [1, null] : [null, "SIGTERM"];

const gone = (pid) => until(() => !isAlive(pid), `${pid} ends`);

/* --- the file ------------------------------------------------------------------------------- */

const inFile = () => JSON.parse(readFileSync(pidFile, "utf8")).entries;

function open(options = {}) {
  const registry = createHeadlessPidRegistry({ pidFilePath: pidFile, ...options });
  registry.heard = { exits: [], warnings: [] };
  registry.on("exit", (exit) => registry.heard.exits.push(exit));
  registry.on("warning", (warning) => registry.heard.warnings.push(warning));
  return registry;
}

/* --- the steps ------------------------------------------------------------------------------ */

const steps = {
  async "registers, links and writes the file"() {
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child, "token");
    assert.equal(registry.linkByToken("token", "session"), true);
    assert.equal(registry.getPid("session"), pid);
    assert.equal(registry.size(), 1);
    const [entry] = inFile();
    assert.equal(entry.pid, pid);
    assert.equal(entry.cwd, folder);
    assert.equal(entry.spawnToken, "token");
    assert.ok(Math.abs(Date.parse(entry.spawnedAt) - Date.now()) < 60_000);
    assert.equal(readPidFile(pidFile).entries[0].pid, pid);
    registry.close();
  },

  async "makes the folders above the file, however long their names"() {
    const names = Array.from({ length: 3 }, (_, index) => `${index} Ünicöde ${"x".repeat(100)}`);
    pidFile = path.join(folder, ...names, "pids.json");
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child);
    assert.equal(inFile()[0].pid, pid);
    assert.equal(registry.linkSession("session", respelled()), true, "the same folder");
    assert.equal((await registry.terminate("session")).outcome, "exited");
    assert.deepEqual(inFile(), []);
    assert.deepEqual(registry.heard.warnings, []);
    registry.close();
  },

  async "kills a session and tells of the exit"() {
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child, "token");
    registry.linkByToken("token", "session");
    const exited = once(child, "exit");
    assert.equal(registry.killBySessionId("session"), true);
    assert.equal(registry.size(), 0);
    assert.equal(registry.getPid("session"), undefined);
    assert.deepEqual(await exited, ended);
    await until(() => registry.heard.exits.length === 1, "the exit event");
    assert.equal(registry.heard.exits[0].pid, pid);
    assert.deepEqual(inFile(), []);
    assert.equal(registry.killBySessionId("session"), false);
    assert.deepEqual(registry.heard.warnings, []);
    registry.close();
  },

  async "sees a child end by itself"() {
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child);
    process.kill(pid);
    await until(() => registry.heard.exits.length === 1, "the exit event");
    assert.deepEqual(inFile(), []);
    registry.close();
  },

  async "terminates, whatever the signal is called"() {
    const registry = open();
    for (const signal of ["SIGTERM", "SIGHUP", "SIGKILL"]) {
      const { child, pid } = await start("idle");
      registry.register(pid, folder, child);
      const result = await registry.terminate({ pid }, { signal, graceMs: 5000 });
      assert.equal(result.outcome, signal === "SIGKILL" ? "killed" : "exited");
      assert.equal(isAlive(pid), false);
      assert.equal((await registry.terminate({ pid })).outcome, "already-gone");
    }
    assert.equal((await registry.terminate("nobody")).outcome, "not-found");
    registry.close();
  },

  async "ends everything with shutdown, and closes"() {
    const registry = open();
    const [agent, parent] = [await start("idle"), await start("parent")];
    registry.register(agent.pid, folder, agent.child);
    registry.register(parent.pid, folder, parent.child);
    const results = await registry.shutdown({ graceMs: 5000 });
    assert.deepEqual(
      results.map(({ pid, outcome }) => [pid, outcome]),
      [
        [agent.pid, "exited"],
        [parent.pid, "exited"],
      ],
    );
    for (const pid of [agent.pid, parent.pid, parent.said.child]) await gone(pid);
    assert.deepEqual(inFile(), []);
    assert.throws(() => registry.size(), { code: "HPR_ECLOSED" });
  },

  async "tells the exit of a child whose own child lives on"() {
    const registry = open();
    const { child, pid, said } = await start("parent");
    registry.register(pid, folder, child, "token");
    registry.linkByToken("token", "session");
    process.kill(pid);
    await until(() => registry.heard.exits.length === 1, "the exit event");
    assert.equal(registry.size(), 0);
    assert.equal(registry.getPid("session"), undefined);
    assert.equal(isAlive(said.child), true);
    // Windows has no groups: whose child it was is not known any more.
    assert.deepEqual(
      registry.entries().map((entry) => entry.state),
      onWindows ? [] : ["remainder"],
    );
    // On macOS nothing proves a group whose leader was reaped before we could look.
    const proved = !onWindows && registry.killBySessionId("session");
    if (!proved) process.kill(said.child);
    assert.ok(proved || system !== "linux", "what is left of the session is ended");
    await gone(said.child);
    await until(() => inFile().length === 0, "its row goes");
    assert.equal(registry.heard.exits.length, 1);
    registry.close();
  },

  async "knows what is left of a group after a restart, by its recorded members"() {
    if (system !== "linux") return; // elsewhere nothing proves it: see above
    const registry = open();
    const { child, pid, said } = await start("parent");
    registry.register(pid, folder, child, "token");
    process.kill(pid);
    await until(() => registry.heard.exits.length === 1, "the exit event");
    registry.close();
    const next = open();
    next.cleanupOrphans();
    assert.deepEqual(
      next.entries().map((entry) => entry.state),
      ["remainder"],
    );
    assert.equal(next.killByToken("token"), true);
    await gone(said.child);
    await until(() => inFile().length === 0, "its row goes");
    next.close();
  },

  async "ends a child's own children with it"() {
    const registry = open();
    const { child, pid, said } = await start("parent");
    assert.equal(isAlive(said.child), true);
    registry.register(pid, folder, child);
    assert.equal((await registry.terminate({ pid })).outcome, "exited");
    await gone(said.child);
    registry.close();
  },

  async "ends pi before its keeper"() {
    const registry = open();
    const { child, pid, said } = await start("keeper");
    registry.register(pid, folder, child, "token", {
      keeperPid: pid,
      keeperSockPath: socketOf("none"),
    });
    assert.equal(registry.linkByToken("token", "session", said.child), true);
    assert.equal(registry.getPid("session"), said.child);
    assert.equal(inFile()[0].piPid, said.child);
    const exited = once(child, "exit");
    assert.equal(registry.killBySessionId("session"), true);
    await gone(said.child);
    const since = performance.now();
    const [code] = await exited;
    const late = performance.now() - since > KEEPER_TURN_MS; // on a slow machine it is asked, too
    assert.ok(code === 7 || late, "the keeper went by itself, when its pi had");
    await until(() => registry.heard.exits.length === 1, "the exit event");
    await until(() => inFile().length === 0, "its row goes");
    registry.close();
  },

  async "keeps a pi whose keeper was killed"() {
    const registry = open();
    const { child, pid, said } = await start("keeper");
    registry.register(pid, folder, child, "token", {
      keeperPid: pid,
      keeperSockPath: socketOf("none"),
    });
    registry.linkByToken("token", "session", said.child);
    process.kill(pid);
    await once(child, "exit");
    assert.equal(isAlive(said.child), true);
    assert.equal(registry.size(), 1);
    assert.equal(inFile()[0].pid, said.child);
    assert.equal((await registry.terminate("session")).outcome, "exited");
    await gone(said.child);
    registry.close();
  },

  async "reclaims what a dead server left, and sees it end"() {
    const { pid, said } = await start("server", pidFile);
    assert.deepEqual(
      inFile().map((entry) => entry.pid),
      [said.agent],
    );
    const registry = open();
    registry.cleanupOrphans();
    assert.equal(registry.size(), 0, "its server lives");
    process.kill(pid);
    await until(() => registry.size() === 1, "the watch over the other server tells");
    assert.equal(isAlive(said.agent), true);
    assert.equal(registry.linkSession("again", folder), true);
    assert.equal(registry.getPid("again"), said.agent);
    process.kill(said.agent);
    await until(
      () => registry.heard.exits.length === 1,
      "the exit of one that is no child of ours",
    );
    await until(() => inFile().length === 0, "its row goes");
    registry.close();
  },

  async "ends a reclaimed orphan"() {
    const { child: server, pid, said } = await start("server", pidFile);
    process.kill(pid);
    await once(server, "exit");
    const registry = open();
    registry.cleanupOrphans();
    assert.equal(registry.size(), 1);
    assert.equal((await registry.terminate({ pid: said.agent })).outcome, "exited");
    await gone(said.agent);
    assert.deepEqual(inFile(), []);
    registry.close();
  },

  async "spares a stranger under an old number, and itself"() {
    const { pid } = await start("idle");
    const spawnedAt = "2025-06-01T00:00:00.000Z";
    const strangers = onWindows ? [pid, 4] : [pid]; // 4 is the system's own
    const entries = [process.pid, ...strangers].map((it) => ({ pid: it, cwd: folder, spawnedAt }));
    writeFileSync(pidFile, JSON.stringify({ entries }));
    const registry = open();
    registry.cleanupOrphans();
    // Where nobody can tell that they work in another folder they may be what the file is about.
    const unproved = tellsFolders ? [] : [process.pid, pid];
    assert.deepEqual(
      inFile().map((it) => it.pid),
      unproved,
    );
    registry.killAll();
    assert.equal(
      (await registry.terminate({ pid }, { graceMs: 0 })).outcome,
      tellsFolders ? "not-found" : "not-ours",
    );
    assert.equal(isAlive(pid), true);
    registry.close();
  },

  async "keeps its word about arguments"() {
    const registry = open();
    const { child } = await start("idle");
    for (const pid of [0, 1, -1, 2 ** 31])
      assert.throws(() => registry.register(pid, folder, child), RangeError);
    assert.throws(() => registry.register("7", folder, child), TypeError);
    registry.close();
    assert.throws(() => registry.size(), { code: "HPR_ECLOSED" });
  },

  async "writes to a keeper's socket"() {
    const name = socketOf(`pi-rpc-${process.pid}`);
    const heard = [];
    const server = net.createServer((socket) =>
      socket.on("data", (data) => heard.push(String(data))),
    );
    server.listen(name);
    await once(server, "listening");
    const registry = open({ keeperManager: createKeeperWriter({ sessionsDir: folder }) });
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child, "token", { keeperPid: pid, keeperSockPath: name });
    registry.linkByToken("token", "session");
    assert.equal(await registry.writeRpc("session", '{"type":"prompt"}'), true);
    await until(() => heard.join("") === '{"type":"prompt"}\n', "the line");
    server.close();
    registry.close();
  },

  async "finds a keeper by the file that it left"() {
    const { pid } = await start("idle");
    const [file, socket] = onWindows
      ? ["pi-rpc-one.pid", "pi-rpc-one"]
      : ["one.rpc.sock.pid", "one.rpc"];
    writeFileSync(path.join(folder, file), `${pid}\n`);
    const [found] = await createKeeperWriter({ sessionsDir: folder }).discoverExistingKeepers();
    assert.equal(found.keeperPid, pid);
    assert.equal(found.sockPath, socketOf(socket));
    rmSync(path.join(folder, file));
  },

  async "works in a worker that is terminated"() {
    const code = `
      const { createHeadlessPidRegistry } = require(${JSON.stringify(installed)});
      const registry = createHeadlessPidRegistry({ pidFilePath: ${JSON.stringify(pidFile)} });
      registry.register(${(await start("idle")).pid}, ${JSON.stringify(folder)}, new (require("node:events"))());
      require("node:worker_threads").parentPort.postMessage(registry.size());
      setInterval(() => {}, 1000);`;
    const worker = new Worker(code, { eval: true });
    assert.deepEqual(await once(worker, "message"), [1]);
    await worker.terminate();
  },

  async "shares a file with another registry"() {
    const [one, two] = [open(), open()];
    const [first, second] = [await start("idle"), await start("idle")];
    one.register(first.pid, folder, first.child);
    two.register(second.pid, folder, second.child);
    one.register(first.pid, folder, first.child, "again");
    assert.deepEqual(new Set(inFile().map((entry) => entry.pid)), new Set([first.pid, second.pid]));
    one.close();
    two.close();
  },

  async "shows its entries on the command line"() {
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child);
    const output = path.join(folder, "cli.out");
    await start("cli", output, "list", "--json", "--pid-file", pidFile);
    assert.match(readFileSync(output, "utf8"), new RegExp(`\\b${pid}\\b`));
    registry.close();
  },

  async "leaves nobody behind"() {
    const registry = open();
    const { child, pid } = await start("idle");
    registry.register(pid, folder, child);
    registry.killAll();
    assert.equal(inFile().length, 1, "killAll leaves the file");
    await gone(pid);
    registry.cleanupOrphans();
    await until(() => inFile().length === 0, "the next look drops it");
    registry.close();
  },
};

/* --- running -------------------------------------------------------------------------------- */

async function run(name, step) {
  folder = mkdtempSync(path.join(os.tmpdir(), "hpr Ünicöde 日本 "));
  pidFile = path.join(folder, "new", "pids.json");
  mkdirSync(path.dirname(pidFile));
  try {
    await step();
    console.log(`ok ${name}`);
    return true;
  } catch (error) {
    console.log(`not ok ${name}\n${error.stack}`);
    return false;
  } finally {
    for (const child of started) child.kill("SIGKILL");
    started.clear();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

setInterval(() => {}, 1000); // a pending terminate() does not keep Node running
console.log(process.version, process.platform, process.arch);
let failed = 0;
for (const [name, step] of Object.entries(steps)) if (!(await run(name, step))) failed++;
console.log(failed > 0 ? `${failed} steps failed` : `${Object.keys(steps).length} steps passed`);
process.exit(failed > 0 ? 1 : 0);
