import type { Described, DescribedOption } from "./describe.js";
import { flagsOf } from "./describe.js";
import { environment, exitCodes } from "./help.js";

/** Nothing in it is a request of roff(7). */
const roff = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");

/** A paragraph for each; what was set in columns stays so. */
function paragraphs(text: string): string {
  const parts = text.split("\n\n").map((part) => {
    const lines = part.split("\n");
    return lines.length > 1 ? `.PP\n.nf\n${lines.map(roff).join("\n")}\n.fi` : `.PP\n${roff(part)}`;
  });
  return `${parts.join("\n")}\n`;
}

const item = (term: string, text: string): string => `.TP\n.B ${term}\n${roff(text)}\n`;

function optionItem(it: DescribedOption): string {
  const value = it.value ? ` \\fI${roff(it.value)}\\fP` : "";
  const notes = [
    it.choices && `one of ${it.choices.join(", ")}`,
    it.default && `default: ${it.default}`,
  ].filter(Boolean);
  const more = notes.length > 0 ? ` (${notes.join("; ")})` : "";
  return item(flagsOf(it).map(roff).join(", ") + value, it.description + more);
}

const options = (all: readonly DescribedOption[]): string =>
  all
    .filter(({ long }) => long !== "--help")
    .map(optionItem)
    .join("");

const commandSection = (it: Described): string =>
  `.SS ${roff(it.usage)}\n${paragraphs(it.description)}${options(it.options)}`;

const EXAMPLES = `headless-pids list --orphans
headless-pids list --quiet --orphans | xargs headless-pids kill --yes
headless-pids list --json --watch | jq .entries
headless-pids reap --older-than 2d --dry-run
headless-pids kill my-session --tree --grace 10s`;

const JSON_TEXT = `With --json each command prints one JSON document (list --watch: one a line) with a schemaVersion,
which changes when a script that reads it may fail, and the name of the command. Times are ISO 8601. The
words are those of the programming interface. All documents are described by a JSON schema, the file
dist/cli/schema.json of the package. What cannot be done is a document with an error, its code and
message; the exit code is the same as without.`;

/** The manual page, from the texts of the help. */
export function manualOf(program: Described): string {
  const sections = [
    `.TH HEADLESS\\-PIDS 1 "" "headless\\-pid\\-registry" "User Commands"`,
    `.SH NAME\nheadless\\-pids \\- looks at and cleans up the processes of a pid file`,
    `.SH SYNOPSIS\n.B headless\\-pids\n\\fIcommand\\fP [\\fIoptions\\fP]`,
    `.SH DESCRIPTION\n${paragraphs(program.description)}`,
    `.SH COMMANDS\n${program.commands.map(commandSection).join("")}`,
    `.SH OPTIONS OF EVERY COMMAND\n${options(program.options)}`,
    `.SH JSON\n${paragraphs(JSON_TEXT.replaceAll("\n", " "))}`,
    `.SH EXIT STATUS\n${exitCodes.map(([code, text]) => item(String(code), text)).join("")}`,
    `.SH ENVIRONMENT\n${environment.map(([name, text]) => item(roff(name), text)).join("")}`,
    `.SH FILES\n${item("~/.pi/dashboard/headless\\-pids.json", "the pid file, if none is named")}`,
    `.SH EXAMPLES\n.nf\n${roff(EXAMPLES)}\n.fi`,
  ];
  return `${sections.map((it) => it.trimEnd()).join("\n")}\n`;
}
