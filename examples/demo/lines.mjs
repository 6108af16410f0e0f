const LINE_MAX_CHARS = 1024 * 1024;

/** What a line says, or undefined: not every line of a log is JSON. */
export function parseLine(line) {
  try {
    return JSON.parse(line) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Calls `use` for every line of a stream. Split at "\n" alone: JSON may hold U+2028, which
 * node:readline takes for the end of a line. A line without end ends the stream instead.
 */
export function onLines(stream, use) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) use(line);
    if (rest.length > LINE_MAX_CHARS) stream.destroy();
  });
}
