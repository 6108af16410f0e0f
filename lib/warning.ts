/** Before whatever the package says on the console. */
export const PREFIX = "[headless-pid-registry]";
