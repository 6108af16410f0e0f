import { describe, expect, it, vi } from "vitest";
import type { KeeperWriter } from "../lib/types.js";
import { bare, deadPid } from "./fixtures/processes.js";
import { open, rows, type Opened } from "./fixtures/registry.js";
import { holdsFor, within } from "./fixtures/wait.js";

const [P, Q] = [deadPid(1), deadPid(2)];
const SOCK = "/run/keeper.sock";
const never = new Promise<never>(() => {});

const writer = (parts: Partial<Record<keyof KeeperWriter, unknown>>): KeeperWriter =>
  ({
    writeRpcToSockPath: async () => true,
    discoverExistingKeepers: async () => [],
    ...parts,
  }) as KeeperWriter;

/** A registry with a keeper's entry for session "s" and a plain one for "plain". */
function kept(keeperManager?: KeeperWriter): Opened {
  const opened = open({ keeperManager });
  opened.registry.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath: SOCK });
  opened.registry.register(Q, "/a", bare(), "plain");
  opened.registry.linkByToken("t", "s");
  opened.registry.linkByToken("plain", "plain");
  return opened;
}

describe("writeRpc", () => {
  it("is false without a writer, an entry or a keeper", async () => {
    expect(await kept().registry.writeRpc("s", "line")).toBe(false);
    const { registry } = kept(writer({}));
    expect(await registry.writeRpc("nobody", "line")).toBe(false);
    expect(await registry.writeRpc("plain", "line")).toBe(false);
  });

  it("hands the socket and the line to the writer", async () => {
    const writeRpcToSockPath = vi.fn(async () => true);
    const { registry } = kept(writer({ writeRpcToSockPath }));
    expect(await registry.writeRpc("s", '{"a":1}')).toBe(true);
    expect(writeRpcToSockPath.mock.calls).toEqual([[SOCK, '{"a":1}']]);
  });

  it("calls the writer as its method", async () => {
    class Manager implements KeeperWriter {
      private readonly answer = true;
      async writeRpcToSockPath(): Promise<boolean> {
        return this.answer;
      }
      async discoverExistingKeepers(): Promise<[]> {
        return [];
      }
    }
    expect(await kept(new Manager()).registry.writeRpc("s", "line")).toBe(true);
  });

  it("tells what the writer tells", async () => {
    const { registry } = kept(writer({ writeRpcToSockPath: async () => false }));
    expect(await registry.writeRpc("s", "line")).toBe(false);
  });

  it.each<[string, unknown]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("no");
      },
    ],
    ["rejects with nothing", () => Promise.reject()],
    ["is no function", 5],
    ["is missing", undefined],
    ["returns nothing", () => undefined],
    [
      "has a thenable that throws",
      () => ({
        then() {
          throw new Error("no");
        },
      }),
    ],
  ])("is false when the writer %s", async (_, writeRpcToSockPath) => {
    const { registry } = kept(writer({ writeRpcToSockPath }));
    expect(await within("the answer", registry.writeRpc("s", "line"))).toBe(false);
    expect(registry.size()).toBe(2);
  });

  it("takes a writer's plain answer", async () => {
    const { registry } = kept(writer({ writeRpcToSockPath: () => true }));
    expect(await registry.writeRpc("s", "line")).toBe(true);
  });

  it("waits for a writer that never settles, and nothing else does", async () => {
    const { registry } = kept(writer({ writeRpcToSockPath: () => never }));
    let settled = false;
    void registry.writeRpc("s", "line").finally(() => (settled = true));
    await holdsFor(50, "it waits", () => !settled);
    registry.setKeeperWriter(writer({}));
    expect(await within("the next answer", registry.writeRpc("s", "line"))).toBe(true);
  });
});

describe("setKeeperWriter", () => {
  it("gives, replaces and takes away", async () => {
    const { registry } = kept();
    registry.setKeeperWriter(writer({}));
    expect(await registry.writeRpc("s", "line")).toBe(true);
    registry.setKeeperWriter(writer({ writeRpcToSockPath: async () => false }));
    expect(await registry.writeRpc("s", "line")).toBe(false);
    const discoverExistingKeepers = vi.fn(async () => []);
    registry.setKeeperWriter(writer({ discoverExistingKeepers }));
    registry.setKeeperWriter(null);
    expect(await registry.writeRpc("s", "line")).toBe(false);
    await registry.cleanupKeeperOrphans();
    expect(discoverExistingKeepers).not.toHaveBeenCalled();
  });
});

describe("cleanupKeeperOrphans", () => {
  const found = (...keepers: unknown[]) => writer({ discoverExistingKeepers: async () => keepers });

  it("does nothing without a writer", async () => {
    const { registry, pidFile } = kept();
    const before = rows(pidFile);
    expect(await registry.cleanupKeeperOrphans()).toBeUndefined();
    expect(rows(pidFile)).toEqual(before);
  });

  it("attaches a keeper to the entry under its pid, in the file too", async () => {
    const live = { sessionId: "x", keeperPid: Q, sockPath: "/q.sock" };
    const { registry, pidFile } = kept(found(live));
    await registry.cleanupKeeperOrphans();
    expect(rows(pidFile)[1]).toMatchObject({ pid: Q, keeperPid: Q, keeperSockPath: "/q.sock" });
    expect(await registry.writeRpc("plain", "line")).toBe(true);
  });

  it("leaves entries that have a keeper, and keepers without an entry, alone", async () => {
    const live = [
      { sessionId: "x", keeperPid: P, sockPath: "/other.sock" },
      { sessionId: "y", keeperPid: deadPid(77), sockPath: "/y.sock" },
    ];
    const { registry, pidFile } = kept(found(...live));
    const before = rows(pidFile);
    await registry.cleanupKeeperOrphans();
    expect(rows(pidFile)).toEqual(before);
    expect(registry.size()).toBe(2);
  });

  it.each<[string, unknown]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("no");
      },
    ],
    ["returns nothing", () => undefined],
    ["returns no array", async () => ({ length: 3 })],
    ["is missing", undefined],
    [
      "finds nonsense",
      async () => [null, 5, {}, { keeperPid: "7", sockPath: "/s" }, { keeperPid: -1 }],
    ],
    [
      "finds a getter that throws",
      async () => [
        {
          get keeperPid() {
            throw new Error("no");
          },
        },
      ],
    ],
  ])("survives a writer that %s", async (_, discoverExistingKeepers) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      const { registry, pidFile } = kept(writer({ discoverExistingKeepers }));
      const before = rows(pidFile);
      expect(await within("the answer", registry.cleanupKeeperOrphans())).toBeUndefined();
      expect(rows(pidFile)).toEqual(before);
    } finally {
      warn.mockRestore();
    }
  });

  it("takes the good keeper among the bad", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    try {
      const good = { sessionId: "x", keeperPid: Q, sockPath: "/q.sock" };
      const { registry, pidFile } = kept(found(null, { keeperPid: 1.5, sockPath: "/s" }, good));
      await registry.cleanupKeeperOrphans();
      expect(rows(pidFile)[1]).toMatchObject({ keeperPid: Q, keeperSockPath: "/q.sock" });
    } finally {
      warn.mockRestore();
    }
  });

  it("is harmless when the registry is closed while the writer looks", async () => {
    let answer: (keepers: unknown[]) => void = () => {};
    const looking = new Promise<unknown[]>((resolve) => (answer = resolve));
    const { registry, pidFile } = kept(writer({ discoverExistingKeepers: () => looking }));
    const before = rows(pidFile);
    const cleanup = registry.cleanupKeeperOrphans();
    registry.close();
    answer([{ sessionId: "x", keeperPid: Q, sockPath: "/q.sock" }]);
    expect(await within("the answer", cleanup)).toBeUndefined();
    expect(rows(pidFile)).toEqual(before);
  });
});
