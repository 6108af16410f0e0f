import type { Argument, Command, Option } from "commander";

/** A command line as data: help for scripts, completion and the man page are made of it. */
export interface Described {
  name: string;
  usage: string;
  summary: string;
  description: string;
  arguments: { name: string; description: string; choices?: readonly string[] }[];
  options: DescribedOption[];
  commands: Described[];
}

export interface DescribedOption {
  short?: string;
  long: string;
  /** The name of its value; undefined: it takes none. */
  value?: string;
  description: string;
  default?: string;
  choices?: readonly string[];
}

const optionOf = (it: Option): DescribedOption => ({
  short: it.short,
  long: it.long ?? it.flags,
  value: /<(.*)>/.exec(it.flags)?.[1],
  description: it.description,
  default: it.defaultValueDescription,
  choices: it.argChoices,
});

const argumentOf = (it: Argument) => ({
  name: it.name(),
  description: it.description,
  choices: it.argChoices,
});

export function describe(command: Command): Described {
  const help = command.createHelp();
  return {
    name: command.name(),
    usage: `${help.commandUsage(command)}`,
    summary: command.summary(),
    description: command.description(),
    arguments: command.registeredArguments.map(argumentOf),
    options: help
      .visibleOptions(command)
      .filter(({ long }) => !command.parent || long !== "--help") // every command has it
      .map(optionOf),
    commands: command.commands.map(describe),
  };
}

/** The words before what an option takes: `-s, --signal`. */
export const flagsOf = ({ short, long }: DescribedOption): string[] =>
  short ? [short, long] : [long];
