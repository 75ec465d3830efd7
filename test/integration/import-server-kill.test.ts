import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CliWorld, killGroup } from "./cli-harness.ts";
import { expectKeptOnce, largePicture } from "./kept-once.ts";

const SECRET = "a-secret-of-this-test-alone-0123456789";
/** `kill -9` so often; more of them by PLATEMARK_KILLS. */
const KILLS = Number(process.env.PLATEMARK_KILLS ?? 3);
/** So many that the import is not done before the last kill. */
const SMALL = 20 * KILLS;
/** Milliseconds within which a kill comes after the server has started. */
const WITHIN_MS = 1_500;

describe("a server that is killed during an import", () => {
  test(
    `${KILLS} times with kill -9 loses nothing and does nothing twice, and the import ends by itself`,
    async () => {
      await using world = await CliWorld.make();
      const names = Array.from({ length: SMALL }, (_, n) => `day ${n % 3}/${n}.jpg`);
      await world.addPictures(names);
      await world.addFile("large.jpg", await largePicture());
      const files = [...names, "large.jpg"];
      const serverHome = `${world.folder}/server`;
      const serve = async (port: string) => {
        const server = world.start(["serve", "--port", port, "--mark-qps", "20"], {
          PLATEMARK_HOME: serverHome,
          PLATEMARK_TOKEN_SECRET: SECRET,
        });
        const [, at] = await server.seen(/serves at http:\/\/127\.0\.0\.1:(\d+)/);
        return { server, port: at! };
      };

      let { server, port } = await serve("0");
      const importing = world.start(["import", world.pictures, "--json"], {
        PLATEMARK_SERVER_URL: `http://127.0.0.1:${port}`,
        PLATEMARK_TOKEN_SECRET: SECRET,
      });
      for (let n = 0; n < KILLS; n++) {
        await sleep(Math.random() * WITHIN_MS);
        killGroup(server.process);
        await server.finished;
        ({ server, port } = await serve(port));
      }
      const result = await importing.finished;
      server.process.kill("SIGTERM");
      await server.finished;

      expect(result.stderr).toBe("");
      expect(result.code).toBe(0);
      expect(Object.keys(result.pictures).toSorted()).toEqual(files.toSorted());
      expect(result.events.filter(({ event }) => event === "picture")).toHaveLength(files.length);
      await expectKeptOnce({ pictures: world.pictures, files, clientHome: world.home, serverHome });
    },
    60_000 + KILLS * 30_000,
  );
});
