/**
 * A session's life with the installed package: registered by a server that is killed, taken over by
 * the one that calls this, ended there. Throws if anything is not as promised.
 */
const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { mkdtempSync, readFileSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** How to start a server of this Node: under an emulator it is not process.execPath alone. */
const command = JSON.parse(process.env.HPR_NODE_COMMAND ?? JSON.stringify([process.execPath]));

/** Resolves to the pid of the session that a server has registered before it was killed. */
async function startAndKillServer(serve, pidFilePath) {
  const [program, ...args] = [...serve, pidFilePath];
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(server.stdout, "data");
  server.kill("SIGKILL");
  await once(server, "exit");
  return Number(line);
}

/** A zombie counts: it is whoever adopted it that has not looked yet. */
function isGone(pid) {
  try {
    process.kill(pid, 0);
    return (
      process.platform === "linux" && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
    );
  } catch (error) {
    return ["ESRCH", "ENOENT"].includes(error.code);
  }
}

module.exports = async function lifecycle(
  { createHeadlessPidRegistry, readPidFile },
  serve = [...command, path.join(__dirname, "server.cjs")],
) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hpr-pack-"));
  const pidFilePath = path.join(folder, "pids.json");
  const hold = setInterval(() => {}, 1000); // a pending terminate() does not keep Node running
  try {
    const pid = await startAndKillServer(serve, pidFilePath);
    assert.deepStrictEqual(
      readPidFile(pidFilePath).entries.map((it) => it.pid),
      [pid],
    );
    const registry = createHeadlessPidRegistry({ pidFilePath });
    registry.cleanupOrphans();
    assert.strictEqual(registry.linkByPid("session", pid), true);
    assert.strictEqual(registry.getPid("session"), pid);
    const { outcome } = await registry.terminate("session");
    assert.strictEqual(outcome, "exited");
    assert.ok(isGone(pid));
    assert.deepStrictEqual(readPidFile(pidFilePath).entries, []);
    registry.close();
  } finally {
    clearInterval(hold);
    rmSync(folder, { recursive: true });
  }
};
