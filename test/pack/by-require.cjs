const lifecycle = require("./lifecycle.cjs");

lifecycle(require("headless-pid-registry"));
