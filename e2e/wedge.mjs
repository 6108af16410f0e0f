/** Loaded into the agent by NODE_OPTIONS: after SIGUSR2 it hangs, as a bug in it would make it. */
process.on("SIGUSR2", () => {
  for (;;);
});
