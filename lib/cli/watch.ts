import { ExitCode } from "./exit-code.js";
import { isPartial, PARTIAL, type Picture, show, showLine, take, titleOf } from "./list.js";
import type { Options } from "./options.js";
import { Screen } from "./screen.js";
import { complain, painted, widthOfTerminal } from "./terminal.js";
import { linesOf } from "./view.js";
import { cutEnd } from "./width.js";

/** One screen full: what is looked at, the titles, and as many entries as fit. */
function frameOf(pidFile: string, picture: Picture, options: Options, height: number): string[] {
  const { listed, processes } = picture;
  const width = widthOfTerminal() ?? Number.POSITIVE_INFINITY;
  const time = new Date(processes.atMs).toTimeString().slice(0, 8);
  const [titles, ...rows] = linesOf(
    listed,
    processes.atMs,
    options.trunc === false ? undefined : width,
  );
  const top = `${time}  ${titleOf(pidFile, picture)}  (q quits)`;
  const notes = isPartial(picture) ? [PARTIAL] : [];
  const room = Math.max(0, height - 2 - notes.length);
  const hidden = rows.length - room;
  const shown = hidden > 0 ? rows.slice(0, room - 1) : rows;
  if (hidden > 0) notes.unshift(`… ${hidden + 1} more: see --sort, --orphans, --session, --cwd`);
  return [
    painted("bold", cutEnd(top, width)),
    painted("dim", titles),
    ...shown,
    ...notes.map((it) => painted("dim", cutEnd(it, width))),
  ];
}

/** Calls `look` now and then again and again, until the signal says that it is enough. */
function repeated(look: () => void, eachMs: number, enough: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const again = (): void => {
      try {
        look();
      } catch (error) {
        clearInterval(timer);
        reject(error);
      }
    };
    const timer = setInterval(again, eachMs);
    enough.addEventListener("abort", () => {
      clearInterval(timer);
      resolve();
    });
    again();
  });
}

export async function watch(pidFile: string, options: Options): Promise<number> {
  const enough = new AbortController();
  let picture: Picture | undefined;
  const next = (): Picture => (picture = take(pidFile, options, picture));
  const isText = !options.json && !options.quiet;
  if (!isText || !process.stdout.isTTY) {
    const look = () => (options.json ? showLine(pidFile, next()) : show(pidFile, next(), options));
    await repeated(look, options.interval, enough.signal);
    return ExitCode.ok;
  }
  const screen = new Screen(() => enough.abort());
  const draw = (it: Picture) => screen.draw(frameOf(pidFile, it, options, screen.height));
  screen.onResize = () => picture && draw(picture);
  try {
    await repeated(() => draw(next()), options.interval, enough.signal);
  } catch (error) {
    screen.close();
    complain("the watch has ended");
    throw error;
  } finally {
    screen.close();
  }
  return ExitCode.ok;
}
