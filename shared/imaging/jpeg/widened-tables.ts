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
/** Of all bit patterns, how many may begin a code that changes: of a picture's symbols it is about the same part. */
const FEW_CHANGES = 128;
const DC_SYMBOLS = Array.from({ length: 12 }, (_, size) => size);
/** Without these, there are coefficients that cannot be coded at all: a block's end, 16 zeros, any size. */
const ESSENTIAL = [0x00, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** All that 8-bit samples can need; the likelier ones in front. */
const AC_SYMBOLS = [
  ...ESSENTIAL,
  ...Array.from({ length: 150 }, (_, i) => ({ run: 1 + (i % 15), size: 1 + Math.floor(i / 15) }))
    .sort((a, b) => a.run + a.size - b.run - b.size)
    .map(({ run, size }) => (run << 4) | size),
];

/**
 * Gives a table symbols it lacks, in front those that `symbols` has in front, with codes of 16 bits behind all others.
 * Where there is no room, the last code of some length goes to the end, too: codes before it keep their values, those
 * behind it move (T.81, Annex C). So it gets all that few changes make room for, at least the first `essential` ones of
 * `symbols`. The code of ones only stays unused, as the standard wants it. `null`: there is no room to be had. Pure.
 */
export function widenTable(
  table: Uint8Array,
  symbols: readonly number[],
  essential: number,
): WidenedTable | null {
  const present = new Set(table.subarray(16));
  const missing = symbols.filter((symbol) => !present.has(symbol));
  if (missing.length === 0) return { table, changedFrom: NONE_CHANGED };
  const needed = symbols.slice(0, essential).filter((symbol) => !present.has(symbol)).length;
  const counts = Array.from(table.subarray(0, 16));
  const room = NONE_CHANGED - 1 - counts.reduce((sum, count, i) => sum + count * 2 ** (15 - i), 0);
  if (room < 0) return null;
  let best: { length: number; gain: number; changedFrom: number } | undefined;
  // From length 16 down: more and more room, more and more changes. 16 stands for none.
  for (let length = 16; length > 0; length--) {
    if (length < 16 && counts[length - 1] === 0) continue;
    const size = 2 ** (16 - length);
    const upTo = counts.slice(0, length).reduce((sum, count, i) => sum + count * 2 ** (15 - i), 0);
    const changedFrom = length === 16 ? NONE_CHANGED : upTo - size;
    if (best && best.gain >= needed && NONE_CHANGED - changedFrom > FEW_CHANGES) break;
    best = { length, gain: length === 16 ? room : room + size - 1, changedFrom };
    if (best.gain >= missing.length) break;
  }
  if (!best || best.gain < needed) return null;
  const added = missing.slice(0, best.gain);
  const values = Array.from(table.subarray(16));
  if (best.length < 16) {
    const last = counts.slice(0, best.length).reduce((sum, count) => sum + count, 0) - 1;
    added.unshift(...values.splice(last, 1));
    counts[best.length - 1]! -= 1;
  }
  counts[15]! += added.length;
  return { table: Uint8Array.from([...counts, ...values, ...added]), changedFrom: best.changedFrom };
}

/** The tables of a scan, widened where they can be. DC codes never move: those of a real file leave room enough. */
export function widenedTables(header: ScanHeader): ScanTable[] {
  const tables = (kind: "dc" | "ac"): ScanTable[] => {
    const numbers = new Set(header.components.map((each) => (kind === "dc" ? each.dcTable : each.acTable)));
    return [...numbers].map((number) => {
      const read = (kind === "dc" ? header.dcTables : header.acTables).get(number)!;
      const wide =
        kind === "dc"
          ? widenTable(read, DC_SYMBOLS, DC_SYMBOLS.length)
          : widenTable(read, AC_SYMBOLS, ESSENTIAL.length);
      if (!wide || (kind === "dc" && wide.changedFrom < NONE_CHANGED))
        return { kind, number, read, written: read, changedFrom: NONE_CHANGED };
      return { kind, number, read, written: wide.table, changedFrom: wide.changedFrom };
    });
  };
  return [...tables("dc"), ...tables("ac")];
}

/** True when codes move, so that the scan is not merely copied. */
export function changesCodes(tables: readonly ScanTable[]): boolean {
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
