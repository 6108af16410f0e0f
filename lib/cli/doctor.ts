import { ExitCode } from "./exit-code.js";
import { type Finding, type FindingKind, kinds } from "./findings.js";
import { lookAt } from "./guest.js";
import { aboutEntries, aboutKeepers, aboutLeftovers, aboutMarks } from "./health.js";
import { printJson } from "./json.js";
import type { Options } from "./options.js";
import { aboutPlace } from "./place.js";
import { Processes } from "./processes.js";
import { aboutSupervisors } from "./supervisor.js";
import { painted, print } from "./terminal.js";
import { plain } from "./text.js";

const NAMED = 5;

function* aboutContent(pidFile: string): Generator<Finding> {
  const processes = new Processes();
  try {
    const look = lookAt(pidFile);
    yield* aboutEntries(look);
    yield* aboutKeepers(pidFile, look, processes);
    yield* aboutMarks(pidFile, look, processes);
    yield* aboutSupervisors(look, processes);
  } catch (error) {
    const { message, code } = error as Error & { code?: unknown };
    if (typeof code !== "string") throw error;
    yield { kind: "file-unreadable", item: plain(message) };
  }
}

/** All findings of one kind, in one line and for scripts. */
interface Group {
  kind: FindingKind;
  items: string[];
  count: number;
}

function groupsOf(findings: Iterable<Finding>): Group[] {
  const groups = new Map<FindingKind, Group>();
  for (const { kind, item } of findings) {
    const group = groups.get(kind) ?? { kind, items: [], count: 0 };
    group.count++;
    if (item !== undefined) group.items.push(item);
    groups.set(kind, group);
  }
  return [...groups.values()];
}

const isProblem = ({ kind }: Group): boolean => kinds[kind].severity === "problem";

const groupJson = ({ kind, items, count }: Group): object => ({
  kind,
  severity: kinds[kind].severity,
  count,
  message: kinds[kind].what(count),
  fix: kinds[kind].fix,
  items,
});

function showGroup(group: Group): void {
  const { what, fix } = kinds[group.kind];
  const named = group.items.slice(0, NAMED);
  if (group.items.length > NAMED) named.push(`${group.items.length - NAMED} more`);
  const items = named.length > 0 ? `: ${named.join("; ")}` : "";
  const mark = isProblem(group) ? painted("red", "!") : painted("yellow", "-");
  print(`${mark} ${what(group.count)}${items}\n  ${painted("dim", fix)}\n`);
}

export function doctor(pidFile: string, { json }: Options): number {
  const found = [...aboutPlace(pidFile), ...aboutContent(pidFile), ...aboutLeftovers(pidFile)];
  const groups = groupsOf(found).sort((a, b) => Number(isProblem(b)) - Number(isProblem(a)));
  const healthy = !groups.some(isProblem);
  if (json) printJson("doctor", { pidFile, healthy, findings: groups.map(groupJson) }, 2);
  else {
    const result = groups.length === 0 ? "nothing is wrong" : `${groups.length} to look at`;
    print(`${plain(pidFile)}: ${result}\n`);
    groups.forEach(showGroup);
  }
  return healthy ? ExitCode.ok : ExitCode.nothing;
}
