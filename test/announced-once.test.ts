// Which processes an announced token leads to, and who may adopt them: each once, and no others.
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { announced, announcedTokens, announcingServer, dyingServer } from "./fixtures/announced.js";
import { bare, gone, ROOT, startTalking } from "./fixtures/processes.js";
import { newPidFile, open, rows, takeOver, temporaryFolder } from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

/** An agent that ends when its tool runs in a session of its own. */
const LEAVES_A_TOOL = `["sh", "-c", "setsid sleep 300 & sleep 0.3"]`;
const SLEEP = `["sleep", "300"]`;

const spawned = (token: string, argv = SLEEP, options = "{}"): string =>
  `const child = start(${JSON.stringify(token)}, ${argv}, ${options});`;

it("is announced no more when its process is registered without it", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  await dyingServer(
    pidFile,
    `${spawned(token, LEAVES_A_TOOL)}
     registry.register(child.pid, "/a", child);
     registry.on("exit", () => say(child.pid));`,
  );
  expect(announcedTokens(pidFile)).toEqual([]);
  expect(takeOver(pidFile).registry.entries()).toEqual([]);
});

it("is announced no more when another registry of the process registers it", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  await dyingServer(
    pidFile,
    `${spawned(token, LEAVES_A_TOOL)}
     registry.close();
     const next = createHeadlessPidRegistry({ pidFilePath });
     next.register(child.pid, "/a", child, ${JSON.stringify(token)});
     next.on("exit", () => say(child.pid));`,
  );
  expect(announcedTokens(pidFile)).toEqual([]);
  expect(takeOver(pidFile).registry.entries()).toEqual([]);
});

it("is announced no more when another server registers it, while its own one lives and writes", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const server = await announcingServer(
    pidFile,
    `${spawned(token)} say(child.pid); setInterval(() => registry.spawnEnv(String(Math.random())), 20);`,
  );
  const { registry } = open({ pidFilePath: pidFile });
  registry.register(server.said as number, "/a", bare(), token);
  await holdsFor(300, "it is not announced", () => !announcedTokens(pidFile).includes(token));
  await server.kill();
  const third = await announcingServer(pidFile, "say(registry.entries().map((it) => it.pid));");
  expect(third.said).not.toContain(server.said);
  await third.kill();
});

it("does not lead to another server's entry, if that came to it without the token", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const server = await announcingServer(pidFile, `${spawned(token)} say(child.pid);`);
  const { registry } = open({ pidFilePath: pidFile });
  registry.register(server.said as number, "/a", bare());
  await server.kill();
  const third = await announcingServer(pidFile, "say(registry.entries().map((it) => it.pid));");
  expect(third.said).toEqual([]);
  await third.kill();
});

it("leads to nobody who started before it was announced", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const fresh = await dyingServer(
    pidFile,
    `${spawned(token, LEAVES_A_TOOL)}
     registry.register(child.pid, "/a", child, ${JSON.stringify(token)});
     registry.on("exit", () => say(start(${JSON.stringify(token)}, ${SLEEP}).pid));`,
  );
  expect(takeOver(pidFile).registry.entries()).toMatchObject([{ pid: fresh, spawnToken: token }]);
});

it("waits for another server where its process is above the one that looks", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const inner = `
    const registry = require(${JSON.stringify(ROOT)}).createHeadlessPidRegistry({ pidFilePath: process.argv[1] });
    registry.cleanupOrphans();
    require("fs").writeFileSync(process.argv[1] + ".new", String(registry.size()));
    require("fs").renameSync(process.argv[1] + ".new", process.argv[1] + ".seen");`;
  const agent = await dyingServer(
    pidFile,
    // When its server has gone it starts another one, without its own environment, and a tool beside it.
    `const inner = ${JSON.stringify(inner)};
     const script = 'setsid sleep 300 & until [ -e "$2.go" ]; do sleep 0.02; done; env -i HOME="$HOME" setsid "$0" -e "$1" "$2"; exec sleep 300';
     ${spawned(token, `["sh", "-c", script, process.execPath, inner, pidFilePath]`)} say(child.pid);`,
  );
  writeFileSync(`${pidFile}.go`, "");
  await waitFor("the inner server's look", () => existsSync(`${pidFile}.seen`));
  expect(readFileSync(`${pidFile}.seen`, "utf8")).toBe("0");
  expect(announcedTokens(pidFile)).toEqual([token]);
  expect(takeOver(pidFile).registry.entries()).toMatchObject([{ pid: agent }]);
});

it("waits for another server where its process is in the group of the one that looks", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const beside = { detached: false };
  const child = await dyingServer(
    pidFile,
    `${spawned(token, SLEEP, "{ detached: false }")} say(child.pid);`,
    beside,
  );
  expect(takeOver(pidFile).registry.entries()).toEqual([]);
  expect(announcedTokens(pidFile)).toEqual([token]);
  const elsewhere = await announcingServer(pidFile, "say(registry.entries().map((it) => it.pid));");
  expect(elsewhere.said).toEqual([child]);
  await elsewhere.kill();
});

it("is judged as soon as its server has ended, by one that was there before", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const { registry } = takeOver(pidFile);
  const child = await dyingServer(pidFile, `${spawned(token)} say(child.pid);`);
  await waitFor("the adoption", () => registry.size() === 1, 4000);
  expect(registry.entries()).toMatchObject([{ pid: child, spawnToken: token }]);
  expect(announcedTokens(pidFile)).toEqual([]);
});

it("leads to a child that is ended, if it is older than orphans may be", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  const child = await dyingServer(
    pidFile,
    `${spawned(token)} setTimeout(() => say(child.pid), 300);`,
  );
  const { registry } = takeOver(pidFile, { orphanMaxAgeMs: 200 });
  await gone(child as number);
  expect(registry.size()).toBe(0);
});

it("leads to a child that is dated by its own start", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  await dyingServer(
    pidFile,
    `const env = { ...process.env, ...registry.spawnEnv(${JSON.stringify(token)}) };
     setTimeout(() => { spawn("sleep", ["300"], { detached: true, stdio: "ignore", env }); say(Date.now()); }, 500);`,
  );
  const announcedAt = Date.parse(announced(pidFile)[0].spawnedAt);
  takeOver(pidFile);
  expect(Date.parse(rows(pidFile)[0].spawnedAt) - announcedAt).toBeGreaterThan(400);
});

it("is adopted by one of two servers that come at the same time", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  await dyingServer(pidFile, `${spawned(token)} say(child.pid);`);
  const code = "setTimeout(() => say(registry.size()), 300);";
  const servers = await Promise.all([1, 2, 3].map(() => announcingServer(pidFile, code)));
  expect(servers.map((it) => it.said).sort()).toEqual([0, 0, 1]);
  expect(rows(pidFile)).toHaveLength(1);
  await Promise.all(servers.map((it) => it.kill()));
});

it("leads to a child by the name of its folder, also if that was removed or looks like it", async () => {
  const pidFile = newPidFile();
  const [removed, named] = [temporaryFolder(), join(temporaryFolder(), "named (deleted)")];
  mkdirSync(named);
  for (const cwd of [removed, named])
    await dyingServer(
      pidFile,
      `${spawned(randomUUID(), SLEEP, `{ cwd: ${JSON.stringify(cwd)} }`)} say(1); registry.close();`,
    );
  rmdirSync(removed);
  const cwds = takeOver(pidFile)
    .registry.entries()
    .map((it) => it.cwd);
  expect(cwds.sort()).toEqual([removed, named].sort());
});

it("waits for its server's descriptors", async () => {
  const [pidFile, token] = [newPidFile(), randomUUID()];
  await dyingServer(pidFile, `${spawned(token)} say(1);`);
  for (const free of [0, 1, 2, 3, 4, 5, 6]) {
    const copy = newPidFile();
    mkdirSync(dirname(copy), { mode: 0o700 });
    copyFileSync(pidFile, copy);
    const code = `
      const { openSync, closeSync } = require("node:fs");
      const registry = require(${JSON.stringify(ROOT)}).createHeadlessPidRegistry({ pidFilePath: ${JSON.stringify(copy)} });
      const held = [];
      try { for (;;) held.push(openSync("/dev/null")); } catch {}
      for (let i = 0; i < ${free}; i++) closeSync(held.pop());
      registry.cleanupOrphans();
      held.map((it) => closeSync(it));
      const look = setInterval(() => { if (registry.size() === 1) { console.log("adopted"); process.exit(); } }, 20);`;
    const limited = 'ulimit -n 40; exec "$@"';
    const { line } = await startTalking(["sh", "-c", limited, "sh", process.execPath, "-e", code]);
    expect(line).toBe("adopted");
  }
});
