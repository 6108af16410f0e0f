import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/*.test.ts"],
    setupFiles: ["test/fixtures/setup.ts"],
    // A process a file: tests signal real processes, count descriptors and change the environment.
    pool: "forks",
    // Most of a file's time is waiting for processes.
    maxWorkers: 5,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
