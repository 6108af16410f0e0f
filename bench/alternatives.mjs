// What a user might take instead: a row of a database for each agent, durable as far as this package
// is (no fsync). Neither knows whose process it is, or when it ends.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { root } from "../scripts/setup.mjs";

const folder = path.join(root, "build", "bench", "alternatives");
const PACKAGES = ["better-sqlite3@12", "lmdb@3"];

/** Into a folder of their own; better-sqlite3 may have to be compiled, which takes minutes. */
function install() {
  if (existsSync(path.join(folder, "node_modules", "lmdb"))) return;
  console.error(`bench: installing ${PACKAGES.join(" and ")} …`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), "{}");
  execFileSync("npm", ["install", "--no-audit", "--no-fund", ...PACKAGES], { cwd: folder });
}

function registryOver({ put, drop, close }) {
  return {
    register(pid, cwd, proc, spawnToken) {
      put({ pid, cwd, spawnedAt: new Date().toISOString(), spawnToken });
      proc.on("exit", () => drop(pid));
    },
    remove: drop,
    close,
  };
}

function openSqlite(Database, file) {
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = OFF");
  database.exec(
    "CREATE TABLE entries (pid INTEGER PRIMARY KEY, cwd TEXT, spawnedAt TEXT, spawnToken TEXT)",
  );
  const insert = database.prepare(
    "INSERT OR REPLACE INTO entries VALUES (@pid, @cwd, @spawnedAt, @spawnToken)",
  );
  const remove = database.prepare("DELETE FROM entries WHERE pid = ?");
  return registryOver({
    put: (entry) => insert.run(entry),
    drop: (pid) => remove.run(pid),
    close: () => database.close(),
  });
}

function openLmdb({ open }, file) {
  const database = open({ path: file, noSync: true });
  return registryOver({
    put: (entry) => database.putSync(entry.pid, entry),
    drop: (pid) => database.removeSync(pid),
    close: () => database.close(),
  });
}

function load() {
  install();
  const require = createRequire(path.join(folder, "package.json"));
  const [Database, lmdb] = [require("better-sqlite3"), require("lmdb")];
  return {
    sqlite: ({ pidFilePath }) => openSqlite(Database, `${pidFilePath}.sqlite`),
    lmdb: ({ pidFilePath }) => openLmdb(lmdb, `${pidFilePath}.mdb`),
  };
}

/** Makers of them, as in subjects.mjs; none where they cannot be installed. */
export function alternatives() {
  try {
    return load();
  } catch (error) {
    console.error(`bench: without better-sqlite3 and lmdb: ${error.message.split("\n")[0]}`);
    return {};
  }
}
