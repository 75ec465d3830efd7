import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlMediaRepository } from "../../server/adapters/sql/media-repository.ts";
import { sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";

const KILLS = 4;

describe("kill -9 of two processes that write one SQLite file", () => {
  let place: TestDatabase;
  const children = new Set<ChildProcess>();
  beforeEach(async () => {
    place = await sqliteTestDatabase();
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await place.remove();
  });

  /** Lines that a writer printed before it was killed: at the line whose number is `lines`. */
  async function writeAndDie(path: string, name: string, lines: number): Promise<readonly string[]> {
    const script = join(import.meta.dirname, "database-writer.ts");
    const child = spawn(process.execPath, [script, path, name], { stdio: ["ignore", "pipe", "inherit"] });
    children.add(child);
    const exited = once(child, "exit");
    const confirmed: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      // What was still in the pipe when the process died has been confirmed as well.
      confirmed.push(line);
      if (confirmed.length === lines) child.kill("SIGKILL");
    }
    const [, signal] = await exited;
    children.delete(child);
    expect(signal).toBe("SIGKILL");
    return confirmed;
  }

  test("loses nothing that was confirmed, and leaves no half of a change", async () => {
    const { settings } = place;
    if (settings.kind !== "sqlite") throw new Error("This test is about SQLite.");
    const rows = new Map<string, number>();
    const jobs = new Set<string>();
    for (let round = 0; round < KILLS; round++) {
      const lines = (
        await Promise.all([
          writeAndDie(settings.path, `a${round}`, 40 + 53 * round),
          writeAndDie(settings.path, `b${round}`, 90 + 31 * round),
        ])
      ).flat();
      for (const line of lines) {
        const [what, id, version] = line.split(" ");
        if (what === "job") jobs.add(id!);
        else if (version) rows.set(id!, Math.max(rows.get(id!) ?? 0, Number(version)));
      }
    }

    const database = await openDatabase(settings);
    const repository = createSqlMediaRepository(database, { clock: systemClock, random: systemRandom });
    const found = new Map((await repository.get([...rows.keys()])).map((row) => [row.id, row]));
    for (const [id, version] of rows) expect(found.get(id)?.version).toBeGreaterThanOrEqual(version);

    const events = await repository.eventsAfter(0, { owner: "studio", limit: 1_000_000 });
    const outbox = new Set((await repository.outbox(1_000_000)).map(({ key }) => key));
    const every = await repository.get(events.map(({ media }) => media.id));
    expect(events).toHaveLength(every.reduce((sum, row) => sum + row.version, 0));
    expect(outbox).toEqual(new Set(every.filter((row) => row.version === 2).map((row) => row.id)));
    expect(await repository.lastSequence()).toBe(events.at(-1)!.sequence);

    const stored = await database.read((db) => db.selectFrom("queue_jobs").select("key").execute());
    const keys = new Set(stored.map(({ key }) => key));
    expect([...jobs].filter((key) => !keys.has(key))).toEqual([]);
    const check = await database.read((db) => sql`pragma integrity_check`.execute(db));
    expect(check.rows).toEqual([{ integrity_check: "ok" }]);
    await database.close();
  });
});
