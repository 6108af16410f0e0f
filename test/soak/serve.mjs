/**
 * Answers what the driver (server-process.mjs) asks over Node's IPC channel, one command a message.
 * @param {Record<string, (argument: any) => any>} commands
 */
export function serve(commands) {
  process.on("message", async ({ id, command, argument }) => {
    let answer;
    try {
      answer = { id, result: await commands[command](argument ?? {}) };
    } catch (error) {
      answer = { id, error: String(error.stack) };
    }
    if (process.connected) process.send?.(answer, () => {});
  });
  process.on("disconnect", () => process.exit()); // the driver is gone
  process.send?.({ ready: true });
}
