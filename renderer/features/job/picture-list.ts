import type { ItemView, ParsedRequest } from "#contracts/ipc.ts";

export type PictureFilter = ParsedRequest<"items.page">["filter"];

/** A window onto a list that may be very long: only the rows near what is visible are held. */
export interface PictureList {
  /** False until the first page has come. */
  readonly known: boolean;
  readonly total: number;
  /** By place in the filtered list. */
  readonly rows: ReadonlyMap<number, ItemView>;
}

export const EMPTY_LIST: PictureList = { known: false, total: 0, rows: new Map() };

/** Rows from `start`, `end` exclusive. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** Numbers of the pages that hold a range, cut to the list. Pure. */
export function pagesOf({ start, end }: RowRange, pageSize: number, total: number): readonly number[] {
  const first = Math.max(0, Math.floor(start / pageSize));
  const last = Math.floor((Math.min(end, total) - 1) / pageSize);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

/** Puts a page in; rows beyond the list's new end go. Pure. */
export function withPage<L extends PictureList>(
  list: L,
  offset: number,
  items: readonly ItemView[],
  total: number,
): L {
  const rows = new Map(list.rows);
  items.forEach((item, at) => {
    rows.set(offset + at, item);
  });
  for (const index of rows.keys()) if (index >= total) rows.delete(index);
  return { ...list, known: true, total, rows };
}

/** Replaces the rows whose pictures have changed; the others' changes are not wanted now. Pure. */
export function withChanges<L extends PictureList>(list: L, items: readonly ItemView[]): L {
  const changed = new Map(items.map((item) => [item.id, item]));
  let rows: Map<number, ItemView> | null = null;
  for (const [index, row] of list.rows) {
    const item = changed.get(row.id);
    if (item === undefined) continue;
    rows ??= new Map(list.rows);
    rows.set(index, item);
  }
  return rows === null ? list : { ...list, rows };
}

/** Lets rows go that are further than `distance` from what is visible. Pure. */
export function withoutFarRows<L extends PictureList>(
  list: L,
  { start, end }: RowRange,
  distance: number,
): L {
  const rows = new Map(
    [...list.rows].filter(([index]) => index >= start - distance && index < end + distance),
  );
  return rows.size === list.rows.size ? list : { ...list, rows };
}
