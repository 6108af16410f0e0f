/** Server and whoever ends what it leaves in one file, for bundlers. */
const { isSea } = require("node:sea");

const self = isSea() ? [process.execPath] : [process.execPath, process.argv[1]];

if (process.argv[2] === "serve") require("./server.cjs");
else require("./lifecycle.cjs")(require("headless-pid-registry"), [...self, "serve"]);
