import { type RawBuilder, sql } from "kysely";
import type { DatabaseKind } from "./database.ts";
import type { Columns } from "./schema.ts";

/**
 * Rows as a table in a statement, handed over as one JSON parameter: the statement's text is the same for one row and for
 * a thousand, so it stays prepared, and no limit on parameters is met. Text must have been through `storable`.
 *
 * @example sql`insert into t (a, b) select a, b from ${recordset(kind, { a: "text", b: "bigint" }, rows)} where true`
 */
export function recordset<Row extends object>(
  kind: DatabaseKind,
  columns: Columns<Row>,
  rows: readonly Row[],
): RawBuilder<Row> {
  const names = Object.keys(columns) as (keyof Row & string)[];
  const json = JSON.stringify(rows);
  if (kind === "sqlite") {
    const selected = names.map((name) => sql`value ->> ${sql.lit(`$.${name}`)} as ${sql.ref(name)}`);
    return sql`(select ${sql.join(selected)} from json_each(${json})) as r`;
  }
  const typed = names.map((name) => sql`${sql.ref(name)} ${sql.raw(columns[name])}`);
  return sql`json_to_recordset(cast(${json} as json)) as r(${sql.join(typed)})`;
}

/** The list of a row set's column names, in its order. */
export function columnList<Row>(columns: Columns<Row>): RawBuilder<unknown> {
  return sql.join(Object.keys(columns).map((name) => sql.ref(name)));
}

/** `column in (…)` for any number of values, as one parameter. */
export function isOneOf(
  kind: DatabaseKind,
  column: string,
  values: readonly string[] | readonly number[],
): RawBuilder<boolean> {
  return kind === "sqlite"
    ? sql`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`
    : sql`${sql.ref(column)} = any(${values})`;
}

/** The text as both databases can hold it: no NUL, no half of a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
