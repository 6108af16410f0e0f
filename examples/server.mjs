// A plain server: node examples/server.mjs [port]
// POST / starts an agent, GET / lists them, DELETE /<pid> ends one. Kill the server and start it
// again: the agents are still there, and it takes them over.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createHeadlessPidRegistry } from "headless-pid-registry";

const registry = createHeadlessPidRegistry({ pidFilePath: "agents.json", tree: true });
registry.on("exit", ({ pid }) => console.log(`agent ${pid} is gone`));
registry.cleanupOrphans();

function start() {
  const code = "setInterval(() => {}, 1000)"; // your agent
  const agent = spawn(process.execPath, ["-e", code], { detached: true, stdio: "ignore" });
  registry.register(agent, { cwd: process.cwd() });
  return { pid: agent.pid };
}

const routes = {
  GET: () => registry.entries(),
  POST: start,
  DELETE: (pid) => registry.terminate({ pid: Number(pid) }),
};
const server = createServer(async ({ method = "", url = "" }, response) => {
  const answer = await routes[method](url.slice(1));
  response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
});
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`http://127.0.0.1:${port}`);
});
