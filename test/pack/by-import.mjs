import { createHeadlessPidRegistry, readPidFile } from "headless-pid-registry";
import lifecycle from "./lifecycle.cjs";

await lifecycle({ createHeadlessPidRegistry, readPidFile });
