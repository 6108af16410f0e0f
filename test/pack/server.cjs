/** node server.cjs <pid file>: registers one session, says its pid and waits to be killed. */
const { spawn } = require("node:child_process");
const { createHeadlessPidRegistry } = require("headless-pid-registry");

const registry = createHeadlessPidRegistry({ pidFilePath: process.argv.at(-1) });
const session = spawn("/bin/sleep", ["60"], { detached: true, stdio: "ignore" });
registry.register(session.pid, process.cwd(), session, "token");
registry.linkByToken("token", "session");
if (registry.getPid("session") !== session.pid) throw new Error("the link was lost");
console.log(session.pid);
setInterval(() => {}, 1000);
