import { type Described, type DescribedOption, flagsOf } from "./describe.js";

/** Values of these options are paths. */
export const isPath = ({ long }: DescribedOption): boolean =>
  long === "--pid-file" || long === "--cwd";

export const takesTargets = (command: Described): boolean =>
  command.arguments.some(({ name }) => name === "target");

/** What completes a target. */
export const TARGETS = "headless-pids list --quiet 2>/dev/null";

const words = (options: readonly DescribedOption[]): string => options.flatMap(flagsOf).join(" ");

function valueCase(option: DescribedOption): string {
  const reply = isPath(option)
    ? 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))'
    : `COMPREPLY=($(compgen -W "${(option.choices ?? []).join(" ")}" -- "$cur"))`;
  return `    ${flagsOf(option).join("|")}) ${reply}; return ;;`;
}

function commandCase(command: Described, shared: readonly DescribedOption[]): string {
  const choices = command.arguments.flatMap((it) => it.choices ?? []);
  const own = [...choices, words([...command.options, ...shared])].join(" ");
  const targets = takesTargets(command) ? ` $(${TARGETS})` : "";
  return `    ${command.name}) words="${own}${targets}" ;;`;
}

export function bashScript(program: Described): string {
  const { commands, options } = program;
  const names = commands.map(({ name }) => name);
  const valued = [...options, ...commands.flatMap((it) => it.options)].filter((it) => it.value);
  const cases = new Set(valued.map(valueCase));
  return `# bash completion of headless-pids
_headless_pids() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${names.join("|")}) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $prev in
${[...cases].join("\n")}
  esac
  case $command in
${commands.map((it) => commandCase(it, options)).join("\n")}
    *) words="${names.join(" ")} ${words(options)}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _headless_pids headless-pids
`;
}
