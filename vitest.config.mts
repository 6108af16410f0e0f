import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/*.test.ts"],
    setupFiles: ["test/fixtures/setup.ts"],
    // A process a file: tests signal real processes, count descriptors and change the environment.
    pool: "forks",
    // Most of a file's time is waiting for processes.
    maxWorkers: 5,
    // Bounds of single waits are lower; this one is for a machine that is busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
