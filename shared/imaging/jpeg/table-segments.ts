/** ITU-T T.81, figure A.6: natural place of each coefficient in coding order. */
export const ZIGZAG: readonly number[] = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
];

/** Tables by their number, steps in natural order; of equal numbers the last counts. `null`: damaged. */
export function readQuantisationTables(payloads: readonly Uint8Array[]): Map<number, Uint16Array> | null {
  const tables = new Map<number, Uint16Array>();
  for (const payload of payloads)
    for (let at = 0; at < payload.length; ) {
      const [precision, number] = [payload[at]! >> 4, payload[at]! & 15];
      at += 1;
      if (precision > 1 || number > 3 || at + 64 * (precision + 1) > payload.length) return null;
      const steps = new Uint16Array(64);
      for (const place of ZIGZAG) {
        steps[place] = precision ? (payload[at]! << 8) | payload[at + 1]! : payload[at]!;
        at += precision + 1;
      }
      if (steps.includes(0)) return null;
      tables.set(number, steps);
    }
  return tables;
}

export interface HuffmanTables {
  readonly dc: Map<number, Uint8Array>;
  readonly ac: Map<number, Uint8Array>;
}

/** Each table as 16 counts and the symbols, by its number; of equal numbers the last counts. `null`: damaged. */
export function readHuffmanTables(payloads: readonly Uint8Array[]): HuffmanTables | null {
  const tables: HuffmanTables = { dc: new Map(), ac: new Map() };
  for (const payload of payloads)
    for (let at = 0; at < payload.length; ) {
      const [kind, number] = [payload[at]! >> 4, payload[at]! & 15];
      const symbols = payload.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
      const end = at + 17 + symbols;
      if (kind > 1 || number > 3 || symbols > 256 || end > payload.length) return null;
      tables[kind === 0 ? "dc" : "ac"].set(number, payload.subarray(at + 1, end));
      at = end;
    }
  return tables;
}

/** What arithmetic coding of a table's values depends on. */
export interface Conditioning {
  readonly kind: "dc" | "ac";
  readonly number: number;
  /** Of DC: L, and U in the higher half; of AC: Kx. */
  readonly value: number;
}

/** DAC's parameters (T.81, B.2.4.3). `null`: damaged. */
export function readConditioning(payload: Uint8Array): Conditioning[] | null {
  const found: Conditioning[] = [];
  for (let at = 0; at < payload.length; at += 2) {
    const [kind, number, value] = [payload[at]! >> 4, payload[at]! & 15, payload[at + 1]];
    if (kind > 1 || number > 3 || value === undefined) return null;
    const isRight = kind === 0 ? (value & 15) <= value >> 4 : value >= 1 && value <= 63;
    if (!isRight) return null;
    found.push({ kind: kind === 0 ? "dc" : "ac", number, value });
  }
  return found;
}
