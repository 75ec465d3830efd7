import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { SeededRandom } from "../../../test/fakes/seeded-random.ts";
import { describeReal } from "../../../test/support/real-components.ts";
import {
  postgresTestDatabase,
  sqliteTestDatabase,
  type TestDatabase,
} from "../../../test/support/test-database.ts";
import { openDatabase } from "./database.ts";
import { createSqlMediaRepository } from "./media-repository.ts";

function suite(makeDatabase: () => Promise<TestDatabase>) {
  test("removes old events only, and tells a reader who would have missed some", async () => {
    const place = await makeDatabase();
    const database = await openDatabase(place.settings);
    const clock = new FakeClock();
    const random = new SeededRandom();
    const repository = createSqlMediaRepository(database, { clock, random });
    const announce = (name: string) =>
      repository.announce([
        {
          id: random.uuid(),
          owner: "studio",
          fileName: name,
          size: 1,
          contentType: "image/jpeg",
          sha256: createHash("sha256").update(name).digest("hex"),
          bucket: "b",
          objectKey: name,
          traceId: "t",
          markSpec: "{}",
        },
      ]);
    const namesAfter = async (sequence: number) =>
      (await repository.eventsAfter(sequence, { owner: "studio", limit: 10 })).map(
        ({ media }) => media.fileName,
      );
    await announce("old");
    await announce("older than the cut, too");
    const seen = await repository.lastSequence();
    clock.jump(1_000);
    await announce("new");

    expect(await repository.removeEventsBefore(clock.now() - 2_000)).toBe(0);
    expect(await namesAfter(0)).toHaveLength(3);
    expect(await repository.removeEventsBefore(clock.now())).toBe(2);
    expect(await namesAfter(seen)).toEqual(["new"]);
    await expect(namesAfter(0)).rejects.toMatchObject({ code: "not_found" });
    expect(await repository.removeEventsBefore(clock.now() + 1)).toBe(1);
    expect(await namesAfter(await repository.lastSequence())).toEqual([]);
    await announce("after an empty table");
    expect(await namesAfter(seen + 1)).toEqual(["after an empty table"]);
    expect((await repository.list({ owner: "studio", pageSize: 10 })).rows).toHaveLength(4);

    await database.close();
    await place.remove();
  });
}

describe("retention of events on SQLite", () => suite(sqliteTestDatabase));
describeReal("retention of events on PostgreSQL", ["postgres"], () => suite(postgresTestDatabase));
