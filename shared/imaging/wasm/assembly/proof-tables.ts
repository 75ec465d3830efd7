/**
 * AssemblyScript: Huffman tables of the proof's own reader (ITU-T T.81, Annex C and F.2.2.3). A table of `SLOT_BYTES`:
 * an entry of 32 bits for each 11 bits of data; for each code length the first number that is no code of it, and what
 * leads from a code to its symbol; the symbols.
 */

export const FAST_BITS: u32 = 11;
const LIMITS: usize = 4 << FAST_BITS;
const OFFSETS: usize = LIMITS + 128;
const SYMBOLS: usize = OFFSETS + 128;
export const SLOT_BYTES: usize = SYMBOLS + 256;

/**
 * Makes a table out of a DHT segment's 16 counts and symbols at `spec`. False: no Huffman table, or a DC category that
 * 8-bit samples do not have.
 *
 * An entry: length | symbol << 8; 0 where the code is longer than 11 bits, or is none. Of AC codes that fit with their
 * extra bits, for values from -127 to 127: length of both | run << 8 | value << 16, so from 65,536 on.
 */
export function buildTable(table: usize, spec: usize, isDc: bool): bool {
  memory.fill(table, 0, SLOT_BYTES);
  let code: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= 16; length++) {
    const count: u32 = load<u8>(spec + length - 1);
    store<u32>(table + OFFSETS + (length << 2), index - code);
    for (let i: u32 = 0; i < count; i++, code++, index++) {
      if (code >= 1 << length || index > 255) return false;
      const symbol: u32 = load<u8>(spec + 16 + index);
      if (isDc && symbol > 11) return false;
      store<u8>(table + SYMBOLS + index, <u8>symbol);
      if (length <= FAST_BITS) fill(table, code, length, symbol, isDc);
    }
    store<u32>(table + LIMITS + (length << 2), code);
    code <<= 1;
  }
  return true;
}

function fill(table: usize, code: u32, length: u32, symbol: u32, isDc: bool): void {
  const size = symbol & 15;
  const free = FAST_BITS - length;
  const first = code << free;
  for (let rest: u32 = 0; rest < 1 << free; rest++) {
    let entry = length | (symbol << 8);
    if (!isDc && size > 0 && size <= 7 && size <= free) {
      const bits = rest >> (free - size);
      const value: i32 = bits < 1 << (size - 1) ? <i32>bits - (1 << size) + 1 : <i32>bits;
      entry = (length + size) | ((symbol >> 4) << 8) | ((value & 255) << 16);
    }
    store<u32>(table + ((<usize>(first + rest)) << 2), entry);
  }
}

/** The symbol that `window` begins with: length | symbol << 8; 0 for none. */
export function symbolAt(table: usize, window: u64): u32 {
  const entry = load<u32>(table + ((<usize>(window >> (64 - FAST_BITS))) << 2));
  if (entry === 0) return longSymbol(table, window);
  if (entry <= 0xffff) return entry;
  // Length and symbol of the code alone: the value's size is what its magnitude says.
  const value: i32 = <i8>(entry >> 16);
  const size = 32 - <u32>clz(value < 0 ? -value : value);
  return ((entry & 255) - size) | ((((((entry >> 8) & 15) << 4) | size) & 255) << 8);
}

/** The code that `window` begins with, as an entry, where that is longer than 11 bits; 0 for none. */
export function longSymbol(table: usize, window: u64): u32 {
  for (let length: u32 = FAST_BITS + 1; length <= 16; length++) {
    const code = <u32>(window >> (64 - length));
    if (code < load<u32>(table + LIMITS + (length << 2)))
      return (
        length |
        ((<u32>load<u8>(table + SYMBOLS + ((code + load<u32>(table + OFFSETS + (length << 2))) & 255))) << 8)
      );
  }
  return 0;
}
