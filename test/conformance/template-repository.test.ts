import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../../server/adapters/sql/database.ts";
import { createSqlTemplateRepository } from "../../server/adapters/sql/template-repository.ts";
import type { TemplateRepository } from "../../server/services/ports/template-repository.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { describeReal } from "../support/real-components.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** What every `TemplateRepository` does. */
function describeTemplates(title: string, make: () => Promise<TestDatabase>): void {
  describe(title, () => {
    let files: TestDatabase;
    let database: Database;
    let clock: FakeClock;
    let templates: TemplateRepository;
    beforeEach(async () => {
      files = await make();
      database = await openDatabase(files.settings);
      clock = new FakeClock();
      templates = createSqlTemplateRepository(database, { clock });
    });
    afterEach(async () => {
      await database.close();
      await files.remove();
    });
    const corner = { version: "a".repeat(64), name: "Ecke 角", operator: '{"name":"Ecke 角"}' };

    test("gives back what it keeps, and nothing for what it does not", async () => {
      await templates.put(corner);
      expect(await templates.get(corner.version)).toEqual({ ...corner, createdAtMs: clock.now() });
      expect(await templates.get("b".repeat(64))).toBeNull();
    });

    test("keeps a version as it was first put, however often and by however many", async () => {
      await templates.put(corner);
      clock.jump(1_000);
      await Promise.all(Array.from({ length: 8 }, () => templates.put({ ...corner, name: "other" })));
      expect(await templates.get(corner.version)).toMatchObject({ name: corner.name });
    });

    test("says which of many versions it keeps", async () => {
      await templates.put(corner);
      expect(await templates.known([corner.version, "c".repeat(64)])).toEqual(new Set([corner.version]));
      expect(await templates.known([])).toEqual(new Set());
    });
  });
}

describeTemplates("templates on SQLite", sqliteTestDatabase);
describeReal("with PostgreSQL", ["postgres"], () =>
  describeTemplates("templates on PostgreSQL", postgresTestDatabase),
);
