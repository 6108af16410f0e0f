import { createInterface } from "node:readline";
import util from "node:util";

type Style = "green" | "yellow" | "red" | "dim" | "bold";

/** https://no-color.org: set and not empty means none. */
const hasColour = (): boolean =>
  Boolean(process.stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb";

type StyleText = (style: Style, text: string, options: { validateStream: boolean }) => string;

/** Colours only on a terminal that wants them, and where Node can (20.12 and newer). */
export function painted(style: Style, text: string): string {
  const paint = util.styleText as StyleText | undefined;
  // Newer ones would look at the stream and at NO_COLOR themselves, and take an empty one for set.
  return paint && hasColour() ? paint(style, text, { validateStream: false }) : text;
}

export const print = (text: string): void => void process.stdout.write(text);
export const complain = (text: string): void =>
  void process.stderr.write(`headless-pids: ${text}\n`);

/** Undefined: no terminal, or one that does not tell. */
export const widthOfTerminal = (): number | undefined =>
  process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : undefined;

/** Whether a person at a terminal says yes; the end of the input is a no. */
function ask(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.on("close", () => resolve(false));
    lines.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      lines.close();
    });
  });
}

/** Says why not, if not. */
export async function isConfirmed(yes: boolean | undefined, question: string): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) {
    complain("stdin is not a terminal; pass --yes");
    return false;
  }
  const confirmed = await ask(question);
  if (!confirmed) complain("nothing was ended");
  return confirmed;
}
