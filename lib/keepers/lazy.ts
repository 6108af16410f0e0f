/** What is loaded when the first keeper is looked at or written to, and not before. */
export { discoverKeepers } from "./folder.js";
export { writeLine } from "./lines.js";
export { checkName, lookAt, lookOf } from "./look.js";
