import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createServer } from "../../server/create-server.ts";

/** An embedded server in a process of its own, for tests that kill it: `node server-program.ts HOME USER TOKEN`. Tells
 *  its parent where it answers, and what opens its data. */
const [home, user, token] = process.argv.slice(2) as [string, string, string];
const settings = settingsSchema.parse({ home, user });
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
const server = createServer({ settings, auth: { kind: "launch", token } }, deps);
process.send?.(await server.start());
