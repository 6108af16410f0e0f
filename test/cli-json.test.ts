import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { cli, orphans, PROGRAM } from "./fixtures/cli.js";
import { keeperArgv, sleeper } from "./fixtures/processes.js";
import { editRows, newPidFile, open } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";

const schema = JSON.parse(readFileSync(join(PROGRAM, "..", "schema.json"), "utf8")) as {
  oneOf: { $ref: string }[];
};
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
});
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const validate = ajv.compile(schema);
const seen = new Set<string>();

/** A document that is as the schema says. */
function checked(out: string, command: string): Record<string, never> {
  const document = JSON.parse(out) as Record<string, never>;
  expect(document.command).toBe(command);
  validate(document);
  expect(validate.errors ?? [], JSON.stringify(document, null, 1)).toEqual([]);
  seen.add(command);
  return document;
}

async function run(pidFile: string, ...args: string[]): Promise<Record<string, never>> {
  return checked((await cli(pidFile, ...args, "--json")).out, args[0]);
}

describe("--json", () => {
  it("is as schema.json says, for every command that looks", async () => {
    const { pidFile, left } = await orphans("alpha", "beta", "gamma");
    const stranger = sleeper();
    editRows(pidFile, (row) => {
      if (row.sessionId === "gamma") row.pid = stranger.pid;
    });
    const server = await Server.start({ pidFilePath: pidFile });
    const argv = keeperArgv({});
    const { said } = await server.spawn({ argv, socketPath: "/k.sock", talks: true, token: "t" });
    await server.call("linkByToken", "t", "delta", (JSON.parse(said) as { pi: number }).pi);
    const list = await run(pidFile, "list");
    expect(list).toMatchObject({ schemaVersion: 1, pidFile, refused: 0, damaged: false });
    expect(list.entries).toHaveLength(4);
    expect(JSON.stringify(list)).not.toContain("token-");
    await run(pidFile, "tree");
    const { entries } = await run(pidFile, "inspect", "alpha", "gamma", "delta");
    expect(entries).toHaveLength(3);
    expect(await run(pidFile, "inspect", "nobody")).toMatchObject({ missing: ["nobody"] });
    expect(await run(pidFile, "doctor")).toMatchObject({ healthy: true });
    await run(pidFile, "forget", "--dry-run");
    expect((await run(pidFile, "reap", "--dry-run")).due).toHaveLength(2);
    const waited = await run(pidFile, "wait", String(left[0]), "nobody", "--timeout", "50ms");
    expect(waited.results).toMatchObject([{ outcome: "lives" }, { outcome: "not-found" }]);
  });

  it("is as schema.json says, for every command that acts", async () => {
    const { pidFile, left } = await orphans("alpha", "beta", "gamma");
    expect((await run(pidFile, "kill", "beta")).results).toMatchObject([
      { outcome: "not-confirmed" },
    ]);
    expect(await run(pidFile, "kill", "alpha", "nobody", "--yes")).toMatchObject({
      dropped: 1,
      results: [
        { target: "nobody", outcome: "not-found" },
        { outcome: "exited", entry: { pid: left[0] } },
      ],
    });
    const reaped = await run(pidFile, "reap", "--older-than", "1d", "--yes");
    expect(reaped).toMatchObject({ younger: 2, results: [] });
    expect((await run(pidFile, "reap", "--yes")).results).toHaveLength(2);
    await run(pidFile, "forget", "--yes");
  });

  it("is as schema.json says, for what needs no file", () => {
    const say = (...args: string[]): string =>
      spawnSync(process.execPath, [PROGRAM, ...args, "--json"], { encoding: "utf8" }).stdout;
    const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
    expect(checked(say("version"), "version").version).toBe(version);
    expect(checked(say("help"), "help")).toMatchObject({ help: { name: "headless-pids" } });
    expect(checked(say("help", "kill"), "help")).toMatchObject({ help: { name: "kill" } });
    for (const shell of ["bash", "zsh", "fish"]) checked(say("completion", shell), "completion");
    const error = checked(say("list", "--pid-file", newPidFile()), "error");
    expect(error.error).toMatchObject({ code: "HPR_ENOENT" });
  });

  it("has no document that is not tried here", () => {
    const all = schema.oneOf.map(({ $ref }) => $ref.slice("#/$defs/".length));
    expect([...seen].sort()).toEqual(all.sort());
  });

  it("says the words that the interface says", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child, { cwd: "/work", goalId: "goal", fields: { model: ["a", 1] } });
    const [snapshot] = registry.entries();
    const [entry] = (await run(pidFile, "list")).entries as Record<string, unknown>[];
    for (const name of ["pid", "cwd", "state", "kin", "goalId", "fields", "command"] as const)
      expect(entry[name]).toEqual(snapshot[name]);
    expect(entry.spawnedAt).toBe(new Date(snapshot.spawnedAt!).toISOString());
  });
});
