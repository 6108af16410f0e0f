/**
 * The children of lifecycle.mjs: node roles.mjs <role> <file to speak to> <package> [arguments].
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [role, said, installed, ...args] = process.argv.slice(2);
const say = (it = {}) => writeFileSync(said, `${JSON.stringify(it)}\n`);

/** Longer than any step, for those that outlive a test that crashed. */
const idle = () => setTimeout(() => process.exit(0), 60_000);

const idler = (detached = true) =>
  spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { detached, stdio: "ignore" });

const roles = {
  idle() {
    say();
    idle();
  },
  /** Its child is in its group or, on Windows, which has none, not in its job. */
  parent() {
    say({ child: idler(process.platform === "win32").pid });
    idle();
  },
  /** Ends when its pi has. */
  keeper() {
    const pi = idler();
    pi.on("exit", () => process.exit(7));
    say({ child: pi.pid });
    idle();
  },
  server() {
    const [pidFilePath] = args;
    const { createHeadlessPidRegistry } = createRequire(import.meta.url)(installed);
    const registry = createHeadlessPidRegistry({ pidFilePath });
    const agent = idler();
    registry.register(agent.pid, path.dirname(path.dirname(pidFilePath)), agent, "token");
    say({ agent: agent.pid });
    idle();
  },
  /** The command line tool, its output in a file. */
  cli() {
    const [output, ...words] = args;
    const file = openSync(output, "w");
    const main = path.join(installed, "dist", "cli", "main.js");
    spawn(process.execPath, [main, ...words], { stdio: ["ignore", file, file] }).on(
      "exit",
      (code) => {
        closeSync(file);
        say({ code });
      },
    );
  },
};

roles[role]();
