import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import type { ConnectionSettings } from "../../server/connection-settings.ts";
import { openConnections } from "../../server/connections.ts";
import { createMarkWorker } from "../../server/workers/worker.ts";
import { FakeMarker } from "../fakes/fake-marker.ts";
import { FakeProver } from "../fakes/fake-prover.ts";
import { IN_FLIGHT, withPublicPut } from "./swap-faults.ts";

/**
 * A worker in a process of its own that kills itself at a step, for tests of what that leaves behind:
 * `node swap-worker.ts CONNECTIONS_JSON STEP VISIBILITY_MS`. An empty step: it works until it is killed.
 */
const [connectionsJson, step, visibilityMs] = process.argv.slice(2) as [string, string, string];
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
const connections = await openConnections(JSON.parse(connectionsJson) as ConnectionSettings, deps);
const steps = {
  async reached(reached: string) {
    if (reached === step) process.kill(process.pid, "SIGKILL");
  },
};
const store = withPublicPut(connections.store, (put) => {
  const sent = put();
  if (step === IN_FLIGHT) setImmediate(() => process.kill(process.pid, "SIGKILL"));
  return sent;
});
createMarkWorker(
  { ...connections, store, marker: new FakeMarker(), prover: new FakeProver(), ...deps, steps },
  { concurrency: 1, originalsBudgetBytes: 1e7, visibilityMs: Number(visibilityMs) },
).start();
