import { isPath, TARGETS, takesTargets } from "./complete-bash.js";
import type { Described, DescribedOption } from "./describe.js";

const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
const COMPLETE = "complete -c headless-pids";

function optionLine(option: DescribedOption, condition: string): string {
  const short = option.short ? ` -s ${option.short.slice(1)}` : "";
  const values = option.choices ? ` -a ${quoted(option.choices.join(" "))}` : "";
  const value = option.value ? (isPath(option) ? " -r -F" : ` -x${values}`) : "";
  return `${COMPLETE}${condition}${short} -l ${option.long.slice(2)}${value} -d ${quoted(option.description)}`;
}

function commandLines(command: Described): string[] {
  const condition = ` -n '__fish_seen_subcommand_from ${command.name}'`;
  const choices = command.arguments.flatMap((it) => it.choices ?? []);
  return [
    ...command.options.map((it) => optionLine(it, condition)),
    ...(choices.length > 0 ? [`${COMPLETE}${condition} -a ${quoted(choices.join(" "))}`] : []),
    ...(takesTargets(command) ? [`${COMPLETE}${condition} -a ${quoted(`(${TARGETS})`)}`] : []),
  ];
}

export function fishScript({ commands, options }: Described): string {
  const none = " -n __fish_use_subcommand";
  const lines = [
    "# fish completion of headless-pids",
    `${COMPLETE} -f`,
    ...commands.map((it) => `${COMPLETE}${none} -a ${it.name} -d ${quoted(it.summary)}`),
    ...options.map((it) => optionLine(it, "")),
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}
