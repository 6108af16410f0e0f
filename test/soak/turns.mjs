/**
 * npm run turns [-- --restarts N --seed S]: this version, 0.1 and the original take turns on one pid
 * file, each of them killed or closed, while agents live on. After each start the server must know
 * every agent and nobody else; and where two servers live at once, neither may take what the other
 * owns. Ends with 1 if that is broken.
 */
import { randomInt, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Witness } from "../../examples/demo/processes.mjs";
import { monotonicMs } from "../../examples/demo/clock.mjs";
import { waitFor } from "../../examples/demo/wait.mjs";
import { root } from "../../scripts/setup.mjs";
import { Choice } from "../fixtures/random.mjs";
import { makeFormer } from "./former.mjs";
import { ServerProcess } from "./server-process.mjs";

const AGENTS = 12;
const LIMIT_MS = 10_000;
const MARK = "HPR_TURNS";
const SCRIPT = fileURLToPath(new URL("turns-server.mjs", import.meta.url));

const former = makeFormer();
/** What a server is started with, by the name of what it runs. */
const versions = { 0.2: root, original: "original", ...(former && { 0.1: former }) };
const names = Object.keys(versions);
const packages = names.filter((name) => name !== "original");

const sorted = (pids) => [...pids].sort((a, b) => a - b).join(" ");

class Turns {
  #id = randomUUID();
  #home = mkdtempSync("/tmp/hpr-turns-");
  #file = path.join(this.#home, "pids.json");
  #witness = new Witness(`${MARK}=${this.#id}`);
  #choice;
  #agents = [];
  #tokens = 0;
  counts = { restarts: {}, together: {}, started: 0, ended: 0 };

  constructor(seed) {
    this.#choice = new Choice(seed);
  }

  async #startServer(name) {
    const { PI_DASHBOARD_SPAWN_TOKEN: _, ...inherited } = process.env;
    const env = { ...inherited, [MARK]: this.#id };
    const server = await ServerProcess.start([versions[name], this.#file], env, SCRIPT);
    this.counts.restarts[name] = (this.counts.restarts[name] ?? 0) + 1;
    return Object.assign(server, { name });
  }

  async #startAgent(server) {
    const token = `turns-${++this.#tokens}-0123456789abcdef`;
    const pid = await server.call("start", { token, marked: this.#choice.chance(0.5) });
    this.#witness.remember(pid);
    this.#agents.push(pid);
    this.counts.started++;
    return pid;
  }

  /** By its server, or by itself where that runs the original, which tells nobody's end. */
  async #endAgent(server, pid) {
    if (server.name === "original") this.#witness.crash(pid);
    else this.#equal("the end", await server.call("end", { pid }), "exited");
    await waitFor("an agent's end", () => !this.#witness.isAlive(pid), LIMIT_MS);
    this.#agents = this.#agents.filter((it) => it !== pid);
    this.counts.ended++;
  }

  /* --- what must be ----------------------------------------------------------------------- */

  #equal(what, found, wanted) {
    if (found !== wanted) throw new Error(`${what}: ${found || "none"} instead of ${wanted}`);
  }

  /** The original takes zombies for alive, and hears of the end of no agent that it adopted. */
  #expectAgents(what, pids, wanted = this.#agents) {
    const found = what === "original" ? pids.filter((pid) => this.#witness.isAlive(pid)) : pids;
    this.#equal(what, sorted(found), sorted(wanted));
  }

  #expectAllAlive() {
    this.#expectAgents(
      "alive",
      this.#agents.filter((pid) => this.#witness.isAlive(pid)),
    );
  }

  #expectFile(name) {
    const rows = JSON.parse(readFileSync(this.#file, "utf8")).entries;
    this.#expectAgents(
      name,
      rows.map((row) => row.pid),
    );
  }

  /* --- a turn ----------------------------------------------------------------------------- */

  /** Another server starts an agent of its own, and then loses its neighbour, whose agents it adopts. */
  async #startBeside(server) {
    const name = this.#choice.of(packages);
    const what = `${name} beside ${server.name}`;
    this.counts.together[what] = (this.counts.together[what] ?? 0) + 1;
    const next = await this.#startServer(name);
    const theirs = [...this.#agents];
    this.#expectAgents(what, await next.call("clean"), []);
    const own = await this.#startAgent(next);
    this.#expectAgents(what, await next.call("clean"), [own]);
    this.#expectAgents(`${server.name} with ${name} beside it`, await server.call("pids"), theirs);
    await this.#leave(server);
    await waitFor(
      `${name} to adopt`,
      async () => (await next.call(name === "0.1" ? "clean" : "pids")).length > theirs.length,
      LIMIT_MS,
    );
    this.#expectAgents(`${name} after ${server.name}`, await next.call("pids"));
    await this.#endAgent(next, own);
    return next;
  }

  async #leave(server) {
    if (this.#choice.chance(0.5)) await server.call("close");
    await server.kill();
    this.#expectAllAlive();
    this.#expectFile(server.name);
  }

  async #turn() {
    let server = await this.#startServer(this.#choice.of(names));
    this.#expectAgents(server.name, await server.call("clean"));
    if (this.#choice.chance(0.2)) {
      await this.#endAgent(server, this.#choice.of(this.#agents));
      await this.#startAgent(server);
    }
    if (packages.includes(server.name) && this.#choice.chance(0.2))
      server = await this.#startBeside(server);
    await this.#leave(server);
  }

  /* --- the whole -------------------------------------------------------------------------- */

  #restarts() {
    return Object.values(this.counts.restarts).reduce((sum, count) => sum + count, 0);
  }

  async #endAll() {
    const last = await this.#startServer("0.2");
    this.#expectAgents("the last server", await last.call("clean"));
    for (const pid of this.#agents) await this.#endAgent(last, pid);
    this.#expectFile("the last server");
    await last.kill();
  }

  async run(restarts) {
    const first = await this.#startServer(this.#choice.of(names));
    while (this.#agents.length < AGENTS) await this.#startAgent(first);
    await this.#leave(first);
    while (this.#restarts() < restarts) await this.#turn();
    await this.#endAll();
  }

  async close() {
    await this.#witness.sweep();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: { restarts: { type: "string", default: "1000" }, seed: { type: "string" } },
});
const restarts = Number(values.restarts);
const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : Number(values.seed);
if (!(restarts > 0) || !Number.isInteger(seed))
  throw new Error("--restarts N --seed S: two numbers");
if (!former)
  console.log("SKIP  turns: PROVE NOTHING ABOUT 0.1, which this clone's history does not have");
console.log(`turns: ${restarts} restarts, seed ${seed}`);
const turns = new Turns(seed);
const begun = monotonicMs();
try {
  await turns.run(restarts);
  const { restarts: done, together, started, ended } = turns.counts;
  console.log(`turns: ${JSON.stringify(done)}, together ${JSON.stringify(together)}`);
  console.log(
    `turns: ${started} agents started, ${ended} ended, in ${Math.round((monotonicMs() - begun) / 1000)} s; ` +
      "none was lost, none was stolen",
  );
} catch (error) {
  console.error(`turns: seed ${seed}: ${error.stack}`);
  process.exitCode = 1;
} finally {
  await turns.close();
}
process.exit();
