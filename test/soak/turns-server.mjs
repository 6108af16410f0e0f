/**
 * A server of the turns: node turns-server.mjs <package folder, or "original"> <pid file>. It does
 * what the driver asks over Node's IPC channel, and may be killed at any moment.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createRolledBack } from "../model/rolled-back.mjs";
import { serve } from "./serve.mjs";

const [version, pidFilePath] = process.argv.slice(2);

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function openOriginal() {
  const kill = (pid, signal) => process.kill(-pid, signal);
  const registry = createRolledBack({ file: pidFilePath, isAlive, kill });
  return {
    register: (child, cwd, token) => registry.register(child.pid, cwd, token),
    clean: () => registry.cleanupOrphans(),
    pids: () => [...registry.entries.keys()],
    close() {},
  };
}

function openPackage() {
  const { createHeadlessPidRegistry } = createRequire(import.meta.url)(version);
  const registry = createHeadlessPidRegistry({ pidFilePath });
  return {
    register: (child, cwd, token) => registry.register(child.pid, cwd, child, token),
    clean: () => registry.cleanupOrphans(),
    pids: () => registry.entries().map(({ pid }) => pid),
    end: async (pid) => (await registry.terminate({ pid })).outcome,
    close: () => registry.close(),
  };
}

const registry = version === "original" ? openOriginal() : openPackage();

serve({
  /** `marked`: it carries its token in its environment, as agents of the dashboard do. */
  start({ token, marked }) {
    const cwd = path.dirname(pidFilePath);
    const env = marked ? { ...process.env, PI_DASHBOARD_SPAWN_TOKEN: token } : process.env;
    const child = spawn("sleep", ["3600"], { detached: true, stdio: "ignore", cwd, env });
    registry.register(child, cwd, token);
    return child.pid;
  },
  clean() {
    registry.clean();
    return registry.pids();
  },
  pids: () => registry.pids(),
  end: ({ pid }) => registry.end(pid),
  close: () => registry.close(),
});
