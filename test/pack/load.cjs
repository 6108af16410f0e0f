const { createHeadlessPidRegistry } = require("headless-pid-registry");

createHeadlessPidRegistry({ pidFilePath: "/nonexistent/pids.json" }).close();
