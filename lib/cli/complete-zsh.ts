import { isPath, TARGETS, takesTargets } from "./complete-bash.js";
import { type Described, type DescribedOption, flagsOf } from "./describe.js";

/** Within single quotes, and in _arguments, where brackets and colons have a meaning. */
const quoted = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:\\]/g, "\\$&");

function completionOf(option: DescribedOption): string {
  if (!option.value) return "";
  const values = isPath(option) ? "_files" : `(${(option.choices ?? []).join(" ")})`;
  return `:${option.value}:${values}`;
}

function specOf(option: DescribedOption): string {
  const flags = flagsOf(option);
  const rest = `'[${quoted(option.description)}]${completionOf(option)}'`;
  return flags.length > 1 ? `'(${flags.join(" ")})'{${flags.join(",")}}${rest}` : flags[0] + rest;
}

function argumentOf(command: Described): string[] {
  if (takesTargets(command)) return [`'*:target:($(${TARGETS}))'`];
  return command.arguments.flatMap(({ name, choices }) =>
    choices ? [`'1:${name}:(${choices.join(" ")})'`] : [],
  );
}

const commandCase = (command: Described, shared: readonly DescribedOption[]): string =>
  `    ${command.name}) _arguments ${[
    ...[...command.options, ...shared].map(specOf),
    ...argumentOf(command),
  ].join(" ")} ;;`;

export function zshScript({ commands, options }: Described): string {
  const names = commands.map((it) => `'${it.name}:${it.summary.replaceAll("'", "'\\''")}'`);
  return `#compdef headless-pids
_headless_pids() {
  local context state line
  local -a commands
  commands=(${names.join(" ")})
  _arguments -C ${options.map(specOf).join(" ")} '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
${commands.map((it) => commandCase(it, options)).join("\n")}
    esac ;;
  esac
}
if [[ $funcstack[1] == _headless_pids ]]; then
  _headless_pids "$@"
else
  compdef _headless_pids headless-pids
fi
`;
}
