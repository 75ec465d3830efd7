/** The server of the streams' benchmark, in a process of its own: `node --expose-gc streams-server.ts HOME TOKEN`. Says
 *  where it answers, and its memory and CPU time when it is asked. */
import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createServer } from "../../server/create-server.ts";

export interface Use {
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** User and system, since the start. */
  readonly cpuMs: number;
}

const [home, token] = process.argv.slice(2) as [string, string];
const settings = settingsSchema.parse({ home, user: "studio" });
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
const server = createServer({ settings, auth: { kind: "launch", token } }, deps);
const { url } = await server.start();
process.on("message", () => {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const use: Use = { rssMiB: rss / 2 ** 20, heapMiB: heapUsed / 2 ** 20, cpuMs: (user + system) / 1_000 };
  process.send?.(use);
});
process.on("disconnect", () => process.exit());
process.send?.(url);
