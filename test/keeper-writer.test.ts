import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createKeeperWriter } from "../lib/index.js";
import type { HeadlessWarning } from "../lib/types.js";
import { deadPid, isAlive, keeper, sleeper } from "./fixtures/processes.js";
import { temporaryFolder } from "./fixtures/registry.js";
import { pause, waitFor } from "./fixtures/wait.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Listens, greets as keepers do, and collects what is sent. */
async function listen(path: string): Promise<string[]> {
  const received: string[] = [];
  const server = createServer((socket: Socket) => {
    socket.write("hello\n");
    socket.on("data", (data) => received.push(data.toString()));
    socket.on("error", () => {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return received;
}

interface Stage {
  folder: string;
  warnings: HeadlessWarning[];
  writer: ReturnType<typeof createKeeperWriter>;
  codes(): string[];
}

function stage(): Stage {
  const folder = temporaryFolder();
  const warnings: HeadlessWarning[] = [];
  const writer = createKeeperWriter({ sessionsDir: folder, onWarning: (it) => warnings.push(it) });
  return { folder, warnings, writer, codes: () => warnings.map((it) => it.code) };
}

/** A socket that nobody listens on any more, as a killed keeper leaves it. */
async function staleSocket(path: string): Promise<void> {
  await listen(`${path}~`);
  linkSync(`${path}~`, path);
  await new Promise<void>((resolve) => (servers.pop() as Server).close(() => resolve()));
}

describe("writeRpcToSockPath", () => {
  it.each(["{}", "{}\n", "{}\r\n\n"])("writes %j with one newline", async (line) => {
    const { folder, writer, codes } = stage();
    const path = join(folder, "s.rpc.sock");
    const received = await listen(path);
    expect(await writer.writeRpcToSockPath(path, line)).toBe(true);
    await waitFor("the line", () => received.join("") === "{}\n");
    expect(codes()).toEqual([]);
  });

  it("writes a line that is longer than a socket's buffer", async () => {
    const { folder, writer } = stage();
    const path = join(folder, "s.rpc.sock");
    const received = await listen(path);
    const line = "x".repeat(1 << 20);
    expect(await writer.writeRpcToSockPath(path, line)).toBe(true);
    await waitFor("the line", () => received.join("").length === line.length + 1);
  });

  it("waits for a keeper that is starting", async () => {
    const { folder, writer, codes } = stage();
    const path = join(folder, "s.rpc.sock");
    const written = writer.writeRpcToSockPath(path, "{}");
    await pause(20);
    await listen(path);
    expect(await written).toBe(true);
    expect(codes()).toEqual([]);
  });

  it("is false where nobody listens, and no sooner than after three attempts", async () => {
    const { folder, writer, codes } = stage();
    const path = join(folder, "s.rpc.sock");
    await staleSocket(path);
    const start = performance.now();
    expect(await writer.writeRpcToSockPath(path, "{}")).toBe(false);
    expect(await writer.writeRpcToSockPath(join(folder, "none"), "{}")).toBe(false);
    expect(performance.now() - start).toBeGreaterThan(2 * (50 + 150) - 10);
    expect(codes()).toEqual([]);
  });

  const refused = async (path: string, code: string, line = "{}"): Promise<void> => {
    const { writer, codes } = stage();
    expect(await writer.writeRpcToSockPath(path, line)).toBe(false);
    expect(codes()).toEqual([code]);
  };

  it("refuses paths and lines that cannot be meant", async () => {
    const { folder } = stage();
    const path = join(folder, "s.rpc.sock");
    const received = await listen(path);
    await refused("s.rpc.sock", "HPR_EINVAL");
    await refused(`/${"x".repeat(107)}`, "HPR_EINVAL");
    await refused(path, "HPR_EINVAL", "{}\n{}");
    await refused(7 as never, "HPR_EIO");
    expect(received).toEqual([]);
  });

  it("refuses what is no socket of its own name", async () => {
    const { folder } = stage();
    const [path, file, link] = ["s.rpc.sock", "file", "link"].map((name) => join(folder, name));
    const received = await listen(path);
    writeFileSync(file, "");
    symlinkSync(path, link);
    await refused(file, "HPR_EUNSAFE");
    await refused(link, "HPR_EUNSAFE");
    expect(received).toEqual([]);
  });

  it.skipIf(process.geteuid?.() !== 0)("refuses another user's socket (needs root)", async () => {
    const path = join(stage().folder, "s.rpc.sock");
    const received = await listen(path);
    chownSync(path, 1, 1);
    await refused(path, "HPR_EUNSAFE");
    expect(received).toEqual([]);
  });
});

describe("discoverExistingKeepers", () => {
  const leave = (folder: string, session: string, pid: number | string): string => {
    const file = join(folder, `${session}.rpc.sock.pid`);
    writeFileSync(file, `${pid}\n`, { mode: 0o600 });
    return file;
  };

  it("finds nobody in a folder that is not there", async () => {
    const warnings: HeadlessWarning[] = [];
    const sessionsDir = join(temporaryFolder(), "none");
    const writer = createKeeperWriter({ sessionsDir, onWarning: (it) => warnings.push(it) });
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it("finds a keeper that lives, and its pi", async () => {
    const { folder, writer } = stage();
    const { keeper: child, pi } = await keeper({});
    const file = leave(folder, "s 1", child.pid);
    const sockPath = join(folder, "s 1.rpc.sock");
    await staleSocket(sockPath);
    const found = await writer.discoverExistingKeepers();
    expect(found).toMatchObject([{ sessionId: "s 1", keeperPid: child.pid, sockPath, piPid: pi }]);
    expect(found[0].cwd).toBe(process.cwd());
    expect(Math.abs((found[0].startedAt as number) - Date.now())).toBeLessThan(60_000);
    expect(existsSync(sockPath) && existsSync(file)).toBe(true);
  });

  it("removes what dead keepers left, and nothing else", async () => {
    const { folder, writer, codes } = stage();
    leave(folder, "dead", deadPid(1));
    await staleSocket(join(folder, "dead.rpc.sock"));
    const others = ["empty", "text", "low", "long"].map((name, i) =>
      leave(folder, name, ["", "x", "1", "9".repeat(20)][i]),
    );
    writeFileSync(join(folder, "dead.rpc.sock.log"), "");
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    const left = readdirSync(folder).map((name) => join(folder, name));
    expect(left.sort()).toEqual([...others, join(folder, "dead.rpc.sock.log")].sort());
    expect(codes()).toEqual([]);
  });

  it("takes no later holder of the pid for the keeper, and leaves it alone", async () => {
    const { folder, writer } = stage();
    const stranger = sleeper();
    const file = leave(folder, "s", stranger.pid);
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(file, anHourAgo, anHourAgo);
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(isAlive(stranger.pid)).toBe(true);
  });

  it("leaves a socket that somebody listens on", async () => {
    const { folder, writer } = stage();
    const file = leave(folder, "s", deadPid(1));
    const received = await listen(join(folder, "s.rpc.sock"));
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(existsSync(file) && existsSync(join(folder, "s.rpc.sock"))).toBe(true);
    expect(received).toEqual([]);
  });

  it("believes nothing in a folder that others may write to", async () => {
    const { folder, writer, codes } = stage();
    const { keeper: child } = await keeper({});
    leave(folder, "s", child.pid);
    const dead = leave(folder, "dead", deadPid(1));
    chmodSync(folder, 0o777);
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(codes()).toEqual(["HPR_EUNSAFE"]);
    expect(existsSync(dead)).toBe(true);
  });

  it("finds the keepers of a folder of one's own that is reached through a link", async () => {
    const { folder } = stage();
    const { keeper: child } = await keeper({});
    await listen(join(folder, "s.rpc.sock"));
    leave(folder, "s", child.pid);
    const link = join(temporaryFolder(), "link");
    symlinkSync(folder, link);
    const codes: string[] = [];
    const onWarning = ({ code }: { code: string }) => codes.push(code);
    const writer = createKeeperWriter({ sessionsDir: link, onWarning });
    const found = await writer.discoverExistingKeepers();
    expect(found.map(({ sessionId }) => sessionId)).toEqual(["s"]);
    chmodSync(folder, 0o777);
    expect(await writer.discoverExistingKeepers()).toEqual([]);
    expect(codes).toEqual(["HPR_EUNSAFE"]);
  });

  it("follows no link", async () => {
    const { folder, writer } = stage();
    const { keeper: child } = await keeper({});
    symlinkSync(leave(temporaryFolder(), "s", child.pid), join(folder, "s.rpc.sock.pid"));
    expect(await writer.discoverExistingKeepers()).toEqual([]);
  });
});

describe("createKeeperWriter", () => {
  it("refuses options that do not fit", () => {
    expect(() => createKeeperWriter({ sessionsDir: "" })).toThrow("sessionsDir");
    expect(() => createKeeperWriter({ onWarning: 1 as never })).toThrow("onWarning");
  });

  it("serves a registry", async () => {
    const { folder, writer } = stage();
    const { open } = await import("./fixtures/registry.js");
    const { keeper: child } = await keeper({});
    const path = join(folder, "s.rpc.sock");
    const received = await listen(path);
    const { registry } = open({ keeperManager: writer });
    const keeperOpts = { keeperPid: child.pid, keeperSockPath: path };
    registry.register(child.pid, "/a", child, "t", keeperOpts);
    registry.linkByToken("t", "s");
    expect(await registry.writeRpc("s", '{"type":"get_state"}')).toBe(true);
    await waitFor("the line", () => received.join("") === '{"type":"get_state"}\n');
  });
});
