// Who owns an entry, where the server is process 1 of its container.
import { describe, expect, it } from "vitest";
import { container, noNamespace } from "./fixtures/namespace.js";
import { codes, newPidFile, rows, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

/** What is promised is 2 s; a busy machine may take its time. */
const ADOPTED_MS = 6000;
/** Long enough for two looks at the owners. */
const TWO_LOOKS_MS = 2300;

/** Its process 1 is an init, and the server a child of that. */
const behindInit = [...container, "sh", "-c", '"$@"; exit', "sh"];

describe.skipIf(noNamespace)(`a server that is process 1 of its container${noNamespace}`, () => {
  const start = (pidFilePath: string): Promise<Server> =>
    Server.start({ pidFilePath }, undefined, container);

  it("reads its own rows", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn({ token: "t" });
    expect(rows(pidFilePath)[0].owner).toMatchObject({ pid: 1, init: expect.any(String) });
    await server.call("cleanupOrphans");
    expect([await server.call("size"), await server.warnings()]).toEqual([1, []]);
    expect(await server.call("killByToken", "t")).toBe(true);
    await waitFor("its row is gone", () => rows(pidFilePath).length === 0);
    await server.crash();
  });

  it("leaves no rows behind in ten restarts", async () => {
    const pidFilePath = newPidFile();
    for (let i = 0; i < 10; i++) {
      const server = await start(pidFilePath);
      await server.call("cleanupOrphans");
      // At once, unless the container before is still ending.
      await waitFor(
        `no row at restart ${i}`,
        () => i === 0 || rows(pidFilePath).length === 0,
        ADOPTED_MS,
      );
      await server.spawn();
      expect(rows(pidFilePath)).toHaveLength(1);
      await server.crash();
    }
  });

  it("keeps its rows while it lives, and loses them to a neighbour when it has ended", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn();
    const opened = takeOver(pidFilePath);
    await holdsFor(TWO_LOOKS_MS, "its row stays", () => rows(pidFilePath).length === 1);
    expect(codes(opened)).toEqual([]);
    await server.crash();
    await waitFor("its row is dropped", () => rows(pidFilePath).length === 0, ADOPTED_MS);
    expect(opened.registry.size()).toBe(0);
  });

  it("keeps the rows of a registry that it has closed", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn();
    await server.call("close");
    const opened = takeOver(pidFilePath);
    expect(codes(opened)).toEqual(["HPR_EFOREIGN"]);
    expect(rows(pidFilePath)).toHaveLength(1);
    await server.crash();
    await waitFor("its row is dropped", () => rows(pidFilePath).length === 0, ADOPTED_MS);
  });

  it("behind an init leaves rows that nobody can judge", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath }, undefined, behindInit);
    await server.spawn();
    await server.crash();
    const opened = takeOver(pidFilePath);
    await waitFor(
      "it is dead, and its row another's",
      () => codes(opened).join() === "HPR_EFOREIGN",
    );
    expect(rows(pidFilePath)).toHaveLength(1);
  });
});
