import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { CliWorld, killGroup } from "./cli-harness.ts";
import { expectKeptOnce, largePicture } from "./kept-once.ts";

/** `kill -9` so often; more of them by PLATEMARK_KILLS. */
const KILLS = Number(process.env.PLATEMARK_KILLS ?? 3);
/** So many that the import is not done before the last kill. */
const SMALL = 20 * KILLS;
/** Milliseconds within which a kill comes. A picture is killed in every stage there is. */
const WITHIN_MS = 4_000;

describe("an import that is killed", () => {
  test(
    `${KILLS} times with kill -9 loses nothing and does nothing twice, in journal, database and store`,
    async () => {
      await using world = await CliWorld.make();
      const names = Array.from({ length: SMALL }, (_, n) => `day ${n % 3}/${n}.jpg`);
      await world.addPictures(names);
      await world.addFile("large.jpg", await largePicture());
      const files = [...names, "large.jpg"];
      let killed = 0;
      for (let n = 0; n < KILLS; n++) {
        const running = world.start(["import", world.pictures, "--json"]);
        await Promise.race([sleep(Math.random() * WITHIN_MS), running.finished]);
        if (running.process.exitCode === null) killed++;
        killGroup(running.process);
        await running.finished;
      }
      expect(killed).toBeGreaterThan(0);

      const last = await world.importPictures();
      expect(last.stderr).toBe("");
      expect(last.code).toBe(0);
      expect(Object.keys(last.pictures).toSorted()).toEqual(files.toSorted());
      expect(last.events.filter(({ event }) => event === "picture")).toHaveLength(files.length);

      await expectKeptOnce({
        pictures: world.pictures,
        files,
        clientHome: world.home,
        serverHome: world.home,
      });
    },
    60_000 + KILLS * 30_000,
  );
});
