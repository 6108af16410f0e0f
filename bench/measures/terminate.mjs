// From a child's real exit to the answer that it is gone.
import { interleave } from "../rounds.mjs";
import { makers, folderOf } from "../subjects.mjs";
import { waitByPolling } from "../baseline.mjs";

const ROUNDS = 100;

export async function measureTerminate(stage) {
  const registry = makers.package({ pidFilePath: stage.file("terminate.json") });
  const after = async (terminate) => {
    const [child] = await stage.spawnAgents(1);
    registry.register(child.pid, folderOf(0), child);
    await terminate(child);
    const told = Number(process.hrtime.bigint());
    return (told - stage.endings().get(child.pid)) / 1e3;
  };
  const times = await interleave(ROUNDS, {
    package: () => after((child) => registry.terminate({ pid: child.pid })),
    baseline: () =>
      after((child) => {
        child.kill("SIGTERM");
        return waitByPolling(child.pid);
      }),
  });
  registry.close();
  const wants = { median: 2000 };
  return [{ name: "exit to terminate's answer", live: 1, unit: "µs", times, wants }];
}
