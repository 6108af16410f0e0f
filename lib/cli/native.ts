import type * as binding from "../binding.js";

/** Only when it is needed: help and completion need no binary. The bundler leaves the call as it is. */
export const native = (): typeof binding => require("../binding.js");
