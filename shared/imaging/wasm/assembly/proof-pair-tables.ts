/**
 * AssemblyScript: tables for reading two files as one. They hold only codes that mean the same in both.
 */

import { FAST_BITS, symbolAt } from "./proof-tables";

/** Bits of data that an entry is for. */
export const PAIR_BITS: u32 = 12;
export const DC_PAIR_BITS: u32 = FAST_BITS;
/** Added to the coefficients that an entry passes where it ends the block. */
export const ENDS: u32 = 0x100;
/** More coefficients than a block has, wherever they are counted from: not in the table. */
const NONE: u64 = (<u64>0x80) << 51;

/** The symbol that `window` begins with in both, within `bits`: length | symbol << 8; 0: none. */
function common(one: usize, two: usize, window: u64, bits: u32): u32 {
  const entry = symbolAt(one, window);
  return entry !== 0 && (entry & 255) <= bits && symbolAt(two, window) === entry ? entry : 0;
}

/**
 * Makes a table of `8 << PAIR_BITS` bytes. An entry holds up to two coefficients that are not 0, and the block's end
 * behind them, as far as the bits tell: canonical form, 40 bits; its bytes, 4; the coefficients passed, 12, with one
 * more, and `ENDS`, for the block's end; bits of data, 8.
 */
export function makeAcPair(one: usize, two: usize, table: usize): void {
  for (let index: u32 = 0; index < 1 << PAIR_BITS; index++) {
    let window = (<u64>index) << (64 - PAIR_BITS);
    let free = PAIR_BITS;
    let out: u64 = 0;
    let bytes: u64 = 0;
    let passed: u32 = 0;
    for (let coefficients = 0; coefficients < 4; ) {
      const entry = common(one, two, window, free);
      if (entry === 0) break;
      const length = entry & 255;
      const symbol = entry >> 8;
      const size = symbol & 15;
      if (symbol === 0) {
        if (coefficients === 3) break;
        out |= (<u64>0xff) << (bytes << 3);
        bytes++;
        passed += ENDS + 1;
        free -= length;
        break;
      }
      if (size === 0 || size > 7 || length + size > free || coefficients === 3) break;
      const bits = <u32>((window << length) >> (64 - size));
      const value: i32 = bits < 1 << (size - 1) ? <i32>bits - (1 << size) + 1 : <i32>bits;
      out |= (<u64>((symbol >> 4) | ((value & 255) << 8))) << (bytes << 3);
      bytes += 2;
      passed += (symbol >> 4) + 1;
      free -= length + size;
      window <<= length + size;
      coefficients++;
    }
    const used: u64 = PAIR_BITS - free;
    const entry = out | (bytes << 48) | ((<u64>passed) << 51) | (used << 60);
    store<u64>(table + ((<usize>index) << 3), used === 0 ? NONE : entry);
  }
}

/** The same for DC, `4 << DC_PAIR_BITS` bytes: length, 8 bits; size of the difference that follows, 8, or, where the bits
 *  tell it, 0 and the difference, 16; 0: none. */
export function makeDcPair(one: usize, two: usize, table: usize): void {
  for (let index: u32 = 0; index < 1 << DC_PAIR_BITS; index++) {
    const window = (<u64>index) << (64 - DC_PAIR_BITS);
    let entry = common(one, two, window, DC_PAIR_BITS);
    const size = entry >> 8;
    const length = entry & 255;
    if (size !== 0 && length + size <= DC_PAIR_BITS) {
      const bits = <u32>((window << length) >> (64 - size));
      const value: i32 = bits < 1 << (size - 1) ? <i32>bits - (1 << size) + 1 : <i32>bits;
      entry = (length + size) | (value << 16);
    }
    store<u32>(table + ((<usize>index) << 2), entry);
  }
}
