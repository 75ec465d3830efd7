import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { ConnectionSettings } from "../../server/connection-settings.ts";
import { real } from "./real-components.ts";

/** An empty database of one test's own; `remove` leaves nothing behind. Close what is open on it before. */
export interface TestDatabase {
  readonly settings: ConnectionSettings["database"];
  remove(): Promise<void>;
}

/** A file in a folder of its own. */
export async function sqliteTestDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-db-"));
  return {
    settings: { kind: "sqlite", path: join(folder, "server.db") },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A schema of its own in the PostgreSQL under test. */
export async function postgresTestDatabase(): Promise<TestDatabase> {
  const url = real("postgres");
  if (!url) throw new Error("There is no PostgreSQL to test on.");
  const schema = `test_${randomUUID().replaceAll("-", "")}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`create schema ${schema}`);
  const own = new URL(url);
  own.searchParams.set("options", `-c search_path=${schema}`);
  return {
    settings: { kind: "postgres", url: own.href },
    remove: () => run(`set client_min_messages = warning; drop schema ${schema} cascade`),
  };
}
