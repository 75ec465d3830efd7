import type { ScanHeader } from "./scan-header.ts";

/** A Huffman table with all symbols that 8-bit samples can need; as DHT carries it. */
export interface WidenedTable {
  readonly table: Uint8Array;
  /**
   * Codes below it, as numbers of 16 bits left-aligned, are the old table's; all others changed. 65,536: none did.
   */
  readonly changedFrom: number;
}

/** One of the tables that a scan uses: as it is read, and as the output has it. */
export interface ScanTable {
  readonly kind: "dc" | "ac";
  readonly number: number;
  readonly read: Uint8Array;
  readonly written: Uint8Array;
  readonly changedFrom: number;
}

const NONE_CHANGED = 0x10000;
const DC_SYMBOLS = Array.from({ length: 12 }, (_, size) => size);
const AC_SYMBOLS = [0x00, 0xf0];
for (let size = 1; size <= 10; size++) for (let run = 0; run < 16; run++) AC_SYMBOLS.push((run << 4) | size);

/**
 * Gives a table the symbols it lacks, with codes of 16 bits behind all others. Where there is no room, the last code of
 * some length goes to the end, too: codes before it keep their values, those behind it move (T.81, Annex C). The code
 * of ones only stays unused, as the standard wants it. `null`: there is no room to be had. Pure.
 */
export function widenTable(table: Uint8Array, symbols: readonly number[]): WidenedTable | null {
  const present = new Set(table.subarray(16));
  const missing = symbols.filter((symbol) => !present.has(symbol));
  if (missing.length === 0) return { table, changedFrom: NONE_CHANGED };
  const counts = Array.from(table.subarray(0, 16));
  const used = counts.reduce((sum, count, i) => sum + count * 2 ** (15 - i), 0);
  const room = NONE_CHANGED - 1 - used;
  if (room < 0) return null;
  const values = Array.from(table.subarray(16));
  if (room >= missing.length) {
    counts[15]! += missing.length;
    return { table: Uint8Array.from([...counts, ...values, ...missing]), changedFrom: NONE_CHANGED };
  }
  for (let length = 15; length > 0; length--) {
    const size = 2 ** (16 - length);
    if (counts[length - 1] === 0 || room + size - 1 < missing.length) continue;
    const upTo = counts.slice(0, length);
    const last = upTo.reduce((sum, count) => sum + count, 0) - 1;
    const changedFrom = upTo.reduce((sum, count, i) => sum + count * 2 ** (15 - i), 0) - size;
    const [moved] = values.splice(last, 1);
    counts[length - 1]! -= 1;
    counts[15]! += missing.length + 1;
    return { table: Uint8Array.from([...counts, ...values, moved!, ...missing]), changedFrom };
  }
  return null;
}

/** The tables of a scan, widened where they can be. DC codes never move: those of a real file leave room enough. */
export function widenedTables(header: ScanHeader): ScanTable[] {
  const tables = (kind: "dc" | "ac"): ScanTable[] => {
    const numbers = new Set(header.components.map((each) => (kind === "dc" ? each.dcTable : each.acTable)));
    return [...numbers].map((number) => {
      const read = (kind === "dc" ? header.dcTables : header.acTables).get(number)!;
      const wide = widenTable(read, kind === "dc" ? DC_SYMBOLS : AC_SYMBOLS);
      if (!wide || (kind === "dc" && wide.changedFrom < NONE_CHANGED))
        return { kind, number, read, written: read, changedFrom: NONE_CHANGED };
      return { kind, number, read, written: wide.table, changedFrom: wide.changedFrom };
    });
  };
  return [...tables("dc"), ...tables("ac")];
}

/** True when codes move, so that the whole scan must be written anew. */
export function rewrites(tables: readonly ScanTable[]): boolean {
  return tables.some(({ changedFrom }) => changedFrom < NONE_CHANGED);
}

/** A DHT segment with the tables that are not as they were read; empty when all are. */
export function newTablesSegment(tables: readonly ScanTable[]): Uint8Array {
  const payload = tables
    .filter(({ read, written }) => written !== read)
    .flatMap(({ kind, number, written }) => [(kind === "dc" ? 0 : 0x10) | number, ...written]);
  const length = payload.length + 2;
  return Uint8Array.from(payload.length === 0 ? [] : [0xff, 0xc4, length >> 8, length & 255, ...payload]);
}
