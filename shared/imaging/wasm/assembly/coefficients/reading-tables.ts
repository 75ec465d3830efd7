/**
 * AssemblyScript: Huffman tables to read with (ITU-T T.81, Annex C and F.2.2.3). A slot: an entry of 16 bits for each 11
 * bits of data, length << 8 | symbol, 0 for longer codes and for none; for each length the first number that is no code
 * of it, and what leads from a code to its symbol; the symbols.
 */

import { SPEC } from "../memory-map";
import { READING, READING_BYTES } from "./memory-map";

export const FAST_BITS: u32 = 11;
const LIMITS: usize = 2 << FAST_BITS;
const OFFSETS: usize = LIMITS + 128;
const SYMBOLS: usize = OFFSETS + 128;

/** Makes a slot out of SPEC. False: no Huffman table, or DC categories that 8-bit samples do not have. */
export function setReadTable(slot: u32): bool {
  const table = READING + <usize>slot * READING_BYTES;
  memory.fill(table, 0, READING_BYTES);
  let code: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= 16; length++, code <<= 1) {
    const count: u32 = load<u8>(SPEC + length - 1);
    store<u32>(table + OFFSETS + (length << 2), index - code);
    for (let i: u32 = 0; i < count; i++, code++, index++) {
      if (code >= 1 << length || index > 255) return false;
      const symbol: u32 = load<u8>(SPEC + 16 + index);
      if (slot < 4 && symbol > 11) return false;
      store<u8>(table + SYMBOLS + index, <u8>symbol);
      if (length > FAST_BITS) continue;
      const first = code << (FAST_BITS - length);
      for (let at = first; at < first + (1 << (FAST_BITS - length)); at++)
        store<u16>(table + ((<usize>at) << 1), <u16>((length << 8) | symbol));
    }
    store<u32>(table + LIMITS + (length << 2), code);
  }
  return true;
}

/** What `bits` begins with: length << 8 | symbol; 0 for no code. */
export function symbolOf(table: usize, bits: u64): u32 {
  const entry: u32 = load<u16>(table + ((<usize>(bits >> (64 - FAST_BITS))) << 1));
  return entry !== 0 ? entry : longSymbol(table, bits);
}

function longSymbol(table: usize, bits: u64): u32 {
  for (let length: u32 = FAST_BITS + 1; length <= 16; length++) {
    const code = <u32>(bits >> (64 - length));
    if (code < load<u32>(table + LIMITS + (length << 2))) {
      const index = (code + load<u32>(table + OFFSETS + (length << 2))) & 255;
      return (length << 8) | load<u8>(table + SYMBOLS + index);
    }
  }
  return 0;
}
