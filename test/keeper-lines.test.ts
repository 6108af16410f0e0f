import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKeeperWriter } from "../lib/index.js";
import type { HeadlessWarning } from "../lib/types.js";
import { exited, fixture, startTalking, type Child } from "./fixtures/processes.js";
import { temporaryFolder } from "./fixtures/registry.js";
import { pause, waitFor, within } from "./fixtures/wait.js";

const MEGABYTES = 4 * 2 ** 20;

interface Got {
  connection: number;
  bytes: number;
  begin?: string;
  cut?: boolean;
}

/** Longer than a connection rests whose lines were read. */
const LONG_MS = 300;

interface Kept {
  child: Child;
  path: string;
  closed(): number;
  got(): Got[];
  write(line: string): Promise<boolean>;
  warnings: HeadlessWarning[];
}

async function kept(msPerPiece = 0, path = join(temporaryFolder(), "s.rpc.sock")): Promise<Kept> {
  const argv = [process.execPath, fixture("line-keeper.mjs"), path, String(msPerPiece)];
  const { child, lines } = await startTalking(argv);
  const warnings: HeadlessWarning[] = [];
  const writer = createKeeperWriter({ onWarning: (it) => warnings.push(it) });
  const said = (): Array<Got & { closed?: true }> => lines.slice(1).map((it) => JSON.parse(it));
  return {
    child,
    path,
    closed: () => said().filter((it) => it.closed).length,
    got: () => said().filter((it) => !it.closed),
    write: (line) => writer.writeRpcToSockPath(path, line),
    warnings,
  };
}

const bytes = (it: Kept): number[] => it.got().map((line) => line.bytes);
const begins = (it: Kept): Array<string | undefined> => it.got().map((line) => line.begin);

describe("lines for one keeper", () => {
  it("arrive in the order of their calls, long or short, awaited or not", async () => {
    const it = await kept(5);
    const lengths = [2 ** 20, 10, 300_000, 11, 12, 2 ** 19, 13];
    for (const length of lengths) void it.write("x".repeat(length));
    expect(await it.write("y")).toBe(true);
    await waitFor("all lines", () => bytes(it).length === lengths.length + 1);
    expect(bytes(it)).toEqual([...lengths, 1]);
    expect(it.warnings).toEqual([]);
  });

  it("arrive in that order when two writers write them", async () => {
    const it = await kept(5);
    const other = createKeeperWriter();
    const written = [it.write("a".repeat(2 ** 20)), other.writeRpcToSockPath(it.path, "b")];
    written.push(it.write("c"));
    expect(await Promise.all(written)).toEqual([true, true, true]);
    await waitFor("all lines", () => bytes(it).length === 3);
    expect(bytes(it)).toEqual([2 ** 20, 1, 1]);
  });

  it("do not overtake what a slow keeper has yet to read", async () => {
    const it = await kept(150);
    expect(await it.write("x".repeat(150_000))).toBe(true); // the kernel's, and far from read
    await pause(LONG_MS);
    expect(await it.write("second")).toBe(true);
    await waitFor("both lines", () => bytes(it).length === 2);
    expect(begins(it)).toEqual(["x".repeat(12), "second"]);
  });

  it("are whole if they are megabytes and the keeper takes its time", async () => {
    const it = await kept(15);
    expect(await it.write("x".repeat(MEGABYTES))).toBe(true);
    await waitFor("the line", () => bytes(it).length === 1);
    expect(it.got()).toMatchObject([{ bytes: MEGABYTES }]);
    expect(it.got()[0].cut).toBeUndefined();
  });

  it("wait for a keeper that is stopped, and lose nothing", async () => {
    const it = await kept();
    it.child.kill("SIGSTOP");
    expect(await it.write("first")).toBe(true);
    await pause(LONG_MS);
    const long = it.write("x".repeat(MEGABYTES));
    const last = it.write("last");
    await pause(1000);
    it.child.kill("SIGCONT");
    expect(await within("the lines", Promise.all([long, last]))).toEqual([true, true]);
    await waitFor("all lines", () => bytes(it).length === 3);
    expect(bytes(it)).toEqual([5, MEGABYTES, 4]);
    expect(it.warnings).toEqual([]);
  });

  it("leave a connection that stalls in the middle of one, and say how much of it was sent", async () => {
    const it = await kept();
    it.child.kill("SIGSTOP");
    const begun = performance.now();
    const [long, last] = [it.write("x".repeat(MEGABYTES)), it.write("last")];
    expect(await within("the long one", long)).toBe(false);
    expect(performance.now() - begun).toBeGreaterThan(4900);
    expect(await last).toBe(true);
    expect(it.warnings.map((warning) => warning.code)).toEqual(["HPR_EIO"]);
    const [, most, all] = /up to (\d+) of a line's (\d+) bytes/.exec(it.warnings[0].message) ?? [];
    expect(it.warnings[0].message).toContain(it.path);
    expect(Number(all)).toBe(MEGABYTES + 1);
    it.child.kill("SIGCONT");
    await waitFor("what it got", () => it.got().length === 2);
    const [cut, whole] = [it.got().find((line) => line.cut), it.got().find((line) => !line.cut)];
    expect(whole).toMatchObject({ begin: "last" });
    expect(whole?.connection).not.toBe(cut?.connection);
    expect(cut?.bytes).toBeGreaterThan(0);
    expect(cut?.bytes).toBeLessThanOrEqual(Number(most));
  });

  it("go to the keeper that came after one that has gone", async () => {
    const first = await kept();
    expect(await first.write("first")).toBe(true);
    first.child.kill("SIGKILL");
    await exited(first.child);
    const missed = await first.write("nobody listens");
    expect(missed).toBe(false);
    unlinkSync(first.path);
    const second = await kept(0, first.path);
    expect(await first.write("second")).toBe(true);
    await waitFor("the line", () => bytes(second).length === 1);
    expect(begins(second)).toEqual(["second"]);
  });

  it("share a connection that is closed when the keeper has read them", async () => {
    const it = await kept();
    expect(await Promise.all(["a", "b", "c"].map(it.write))).toEqual([true, true, true]);
    await waitFor("the lines", () => bytes(it).length === 3);
    expect(new Set(it.got().map((line) => line.connection)).size).toBe(1);
    await waitFor("its end", () => it.closed() === 1);
    expect(await it.write("d")).toBe(true);
    await waitFor("the last", () => bytes(it).length === 4);
    expect(it.got()[3].connection).toBe(2);
  });
});
