/** How a server talks to keepers: the KeeperWriter that the registry is given. */
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onLines, parseLine } from "./lines.mjs";

const ATTEMPTS = 3;
const PAUSE_MS = 100;
const TIMEOUT_MS = 1000;
const SUFFIX = ".sock";

/** @param {string} folder where the keepers' sockets are, named `<session>.sock` */
export function keeperWriter(folder) {
  return {
    writeRpcToSockPath,
    discoverExistingKeepers: () => discover(folder),
  };
}

async function writeRpcToSockPath(socketPath, line) {
  const text = line.replace(/[\r\n]+$/, "");
  if (text.includes("\n")) return false; // would arrive as two requests
  const connection = await open(socketPath);
  return connection ? send(connection, `${text}\n`) : false;
}

async function discover(folder) {
  const names = await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => name.endsWith(SUFFIX));
  const greetings = await Promise.all(sockets.map((name) => greeting(path.join(folder, name))));
  return sockets.flatMap((name, i) => {
    if (!greetings[i]) return []; // a socket that its keeper has left behind
    const sessionId = path.basename(name, SUFFIX);
    return [{ sessionId, keeperPid: greetings[i].keeperPid, sockPath: path.join(folder, name) }];
  });
}

/** What the keeper says of itself and its agent, or undefined. */
export async function greeting(socketPath) {
  const connection = await open(socketPath);
  if (!connection) return undefined;
  return new Promise((resolve) => {
    connection.on("close", () => resolve(undefined));
    onLines(connection, (line) => {
      resolve(parseLine(line));
      connection.destroy();
    });
  });
}

/** Only connecting is tried again: a line that was half sent might arrive twice. */
async function open(socketPath) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const connection = await connectOnce(socketPath);
    if (connection) return connection;
    if (attempt < ATTEMPTS) await pause(PAUSE_MS);
  }
  return undefined;
}

function connectOnce(socketPath) {
  return new Promise((resolve) => {
    const connection = connect(socketPath);
    connection.setTimeout(TIMEOUT_MS, () => connection.destroy());
    connection.on("error", () => {}); // "close" follows
    connection.on("close", () => resolve(undefined));
    connection.on("connect", () => resolve(connection));
  });
}

function send(connection, text) {
  return new Promise((resolve) => {
    connection.on("close", (hadError) => resolve(!hadError && connection.writableFinished));
    connection.resume(); // an unread greeting would hold back "close"
    connection.end(text);
  });
}
