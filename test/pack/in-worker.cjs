const { Worker } = require("node:worker_threads");

// An error that the worker does not catch is ours.
new Worker(require.resolve("./by-require.cjs"));
