import { describe, expect, test } from "vitest";
import { createSqlAuditLog } from "../../server/adapters/sql/audit-log.ts";
import { openDatabase } from "../../server/adapters/sql/database.ts";
import { describeReal } from "../support/real-components.ts";
import { postgresTestDatabase, sqliteTestDatabase, type TestDatabase } from "../support/test-database.ts";

/** What every `AuditLog` does. */
function describeAudit(title: string, make: () => Promise<TestDatabase>): void {
  test(`${title} keeps every change, newest first`, async () => {
    const files = await make();
    const database = await openDatabase(files.settings);
    const audit = createSqlAuditLog(database);
    const entry = (n: number) => ({
      atMs: 1_800_000_000_000 + n,
      actor: "ann",
      action: "origins.set",
      requestId: `r-${n}`,
      before: `{"n":${n}}`,
      after: `{"n":${n + 1}}`,
    });
    for (let n = 0; n < 3; n++) await audit.append(entry(n));
    expect(await audit.latest(2)).toEqual([entry(2), entry(1)]);
    await database.close();
    await files.remove();
  });
}
describe("the audit", () => describeAudit("on SQLite", sqliteTestDatabase));
describeReal("with PostgreSQL", ["postgres"], () =>
  describeAudit("the audit on PostgreSQL", postgresTestDatabase),
);
