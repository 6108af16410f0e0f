const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const TO_LINE_END = "\u001b[K";
const TO_SCREEN_END = "\u001b[J";
/** In raw mode they come as characters: Ctrl-C, Ctrl-D. */
const QUITS = new Set(["q", "Q", "\u0003", "\u0004"]);
const SUSPENDS = "\u001a";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The terminal's alternate screen, which leaves what was there before as it was. */
export class Screen {
  readonly #quit: () => void;
  #open = false;
  onResize: () => unknown = () => {};

  /** `quit` is called for q, Ctrl-C and signals that end a program. */
  constructor(quit: () => void) {
    this.#quit = quit;
    if (process.stdin.isTTY) {
      process.stdin.on("data", this.#typed);
      process.stdin.unref();
    }
    process.stdout.on("resize", this.#resized);
    for (const signal of SIGNALS) process.on(signal, this.#quit);
    process.on("SIGCONT", this.#enter);
    process.on("exit", this.#leave);
    this.#enter();
  }

  get height(): number {
    return process.stdout.rows || 24;
  }

  draw(lines: readonly string[]): void {
    const text = lines.map((it) => it + TO_LINE_END).join("\r\n");
    process.stdout.write(HOME + text + TO_SCREEN_END);
  }

  close(): void {
    this.#leave();
    process.stdin.off("data", this.#typed);
    if (process.stdin.isTTY) process.stdin.pause();
    process.stdout.off("resize", this.#resized);
    for (const signal of SIGNALS) process.off(signal, this.#quit);
    process.off("SIGCONT", this.#enter);
    process.off("exit", this.#leave);
  }

  readonly #resized = (): void => void this.onResize();

  readonly #typed = (data: Buffer): void => {
    const typed = [...data.toString()];
    if (typed.some((it) => QUITS.has(it))) this.#quit();
    else if (typed.includes(SUSPENDS) && process.platform !== "win32") {
      this.#leave();
      process.kill(process.pid, "SIGTSTP");
    }
  };

  readonly #enter = (): void => {
    if (process.stdin.isTTY) process.stdin.setRawMode(true);
    if (!this.#open) process.stdout.write(ENTER);
    this.#open = true;
    this.onResize();
  };

  readonly #leave = (): void => {
    if (this.#open) process.stdout.write(LEAVE);
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    this.#open = false;
  };
}
