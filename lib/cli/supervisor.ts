import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Finding } from "./findings.js";
import type { Look } from "./guest.js";
import { environmentOf } from "./marks.js";
import type { Processes } from "./processes.js";
import { plain } from "./text.js";

const PATIENCE_MS = 2000;
/** With these systemd ends whatever is left in the unit's control group. */
const DEADLY = ["control-group", "mixed"];

/** The unit whose service a process is of; undefined: none, or it cannot be told. */
function unitOf(pid: number): { name: string; user: boolean } | undefined {
  try {
    const paths = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    const [, path] = /^(?:0:|\d+:name=systemd):(.*)$/m.exec(paths) ?? [];
    const name = path?.split("/").at(-1);
    if (!name?.endsWith(".service")) return undefined;
    return { name, user: path.includes("/user@") };
  } catch {
    return undefined;
  }
}

function killModeOf({ name, user }: { name: string; user: boolean }): string {
  const scope = user ? ["--user"] : [];
  const args = [...scope, "show", "--property=KillMode", "--value", "--", name];
  const { stdout } = spawnSync("systemctl", args, { encoding: "utf8", timeout: PATIENCE_MS });
  return stdout?.trim() ?? "";
}

/** pm2 hands its own settings down in the environment. */
function isOfPm2(pid: number, processes: Processes): boolean {
  const environment = environmentOf(pid);
  const spares = environment.some(
    (it) => it === "treekill=false" || it.includes('"treekill":false'),
  );
  if (spares) return false;
  const parent = processes.get(processes.get(pid)?.parentPid ?? 0);
  const isChild = parent !== undefined && /\bPM2\b.*God Daemon/.test(parent.command);
  return isChild || environment.some((it) => /^(pm_id|pm2_env)=/.test(it));
}

function* aboutServer(pid: number, processes: Processes): Generator<Finding> {
  if (pid === 1) yield { kind: "supervisor-init" };
  if (isOfPm2(pid, processes)) yield { kind: "supervisor-pm2", item: `server ${pid}` };
  const unit = unitOf(pid);
  if (unit && DEADLY.includes(killModeOf(unit)))
    yield { kind: "supervisor-systemd", item: `server ${pid}, ${plain(unit.name)}` };
}

/** Who would end the agents with their server, of all servers that live. */
export function* aboutSupervisors({ entries }: Look, processes: Processes): Generator<Finding> {
  const living = entries.filter((it) => it.owner === "alive").map((it) => it.ownerPid);
  for (const pid of new Set(living)) if (pid !== undefined) yield* aboutServer(pid, processes);
}
