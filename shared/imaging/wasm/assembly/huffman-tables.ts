/** AssemblyScript: the look-up tables of Huffman codes (ITU-T T.81, Annex C). */

import {
  CHANGED_FROM,
  CODES,
  END_OF_BLOCK,
  ESCAPE,
  FAST_AC,
  FAST_BITS,
  FAST_BLOCK,
  FULL,
  SPEC,
} from "./memory-map";

/**
 * Makes the tables of a slot out of SPEC. False: no Huffman table, or one that 8-bit samples cannot need, or a symbol
 * twice. Codes from `changedFrom` on, as numbers of 16 bits, will be others in the output: `buildCodes` comes next.
 */
export function buildTable(slot: u32, changedFrom: u32): bool {
  const full = FULL + ((<usize>slot) << 17);
  const codes = CODES + ((<usize>slot) << 10);
  const isDc = slot < 4;
  memory.fill(full, 0, 1 << 17);
  memory.fill(codes, 0, 1 << 10);
  let code: u32 = 0;
  let value = SPEC + 16;
  for (let length: u32 = 1; length <= 16; length++) {
    const count: u32 = load<u8>(SPEC + length - 1);
    for (let i: u32 = 0; i < count; i++) {
      if (code >= 1 << length) return false;
      const symbol: u32 = load<u8>(value++);
      if (isDc && symbol > 11) return false;
      if (load<u32>(codes + ((<usize>symbol) << 2)) !== 0) return false;
      store<u32>(codes + ((<usize>symbol) << 2), (length << 16) | code);
      const first: u32 = code << (16 - length);
      for (let at: u32 = 0; at < 1 << (16 - length); at++)
        store<u16>(full + ((<usize>(first + at)) << 1), <u16>((length << 8) | symbol));
      code++;
    }
    code <<= 1;
  }
  if (!isDc) {
    store<u32>(CHANGED_FROM + ((<usize>(slot - 4)) << 2), changedFrom);
    const fast = FAST_AC + ((<usize>(slot - 4)) << (FAST_BITS + 2));
    for (let i: u32 = 0; i < 1 << FAST_BITS; i++)
      store<u32>(fast + ((<usize>i) << 2), fastEntry(full, i, 0, 0, changedFrom, 0));
  }
  return true;
}

/** Makes a slot's codes for the output out of SPEC, which holds all symbols that the input's table has. */
export function buildCodes(slot: u32): void {
  const codes = CODES + ((<usize>slot) << 10);
  let code: u32 = 0;
  let value = SPEC + 16;
  for (let length: u32 = 1; length <= 16; length++, code <<= 1)
    for (let i: u32 = load<u8>(SPEC + length - 1); i > 0; i--)
      store<u32>(codes + ((<usize>load<u8>(value++)) << 2), (length << 16) | code++);
}

/** Makes the table that a block's first bits are looked up in, when those of its DC and AC slot are there. */
export function buildBlockTable(slot: u32, dc: u32, ac: u32): void {
  const dcFull = FULL + ((<usize>dc) << 17);
  const acFull = FULL + ((<usize>(ac + 4)) << 17);
  const fast = FAST_BLOCK + ((<usize>slot) << (FAST_BITS + 2));
  const changedFrom = load<u32>(CHANGED_FROM + ((<usize>ac) << 2));
  for (let i: u32 = 0; i < 1 << FAST_BITS; i++) {
    const bits = i << (16 - FAST_BITS);
    const symbol: u32 = load<u16>(dcFull + ((<usize>bits) << 1));
    const length = symbol >> 8;
    const size = symbol & 15;
    let entry: u32 = ESCAPE << 5;
    if (length !== 0 && length + size <= FAST_BITS) {
      const value = ((bits << length) & 0xffff) >> (16 - size);
      entry = fastEntry(acFull, i, length + size, 1, changedFrom, size === 0 ? 0 : extend(value, size));
    }
    store<u32>(fast + ((<usize>i) << 2), entry);
  }
}

/**
 * What `FAST_BITS` bits `i` hold behind the first `used`: as many AC symbols as fit. Low five bits: their length with
 * all their extra bits; ten bits: by how much the coefficient's number grows from `step`, plus END_OF_BLOCK, or ESCAPE
 * where not one symbol fits, or its code changes; above, with its sign: by how much the DC value grows.
 */
function fastEntry(full: usize, i: u32, used: u32, step: u32, changedFrom: u32, dc: i32): u32 {
  let isEmpty = step === 0;
  while (used < FAST_BITS) {
    const window = ((i << (16 - FAST_BITS)) << used) & 0xffff;
    if (window >= changedFrom) break;
    const entry: u32 = load<u16>(full + ((<usize>window) << 1));
    const length = entry >> 8;
    if (length === 0 || used + length > FAST_BITS) break;
    const run = (entry >> 4) & 15;
    const size = entry & 15;
    if (size > 10) break;
    if (size === 0) {
      if (run === 0) {
        used += length;
        step += END_OF_BLOCK;
        isEmpty = false;
        break;
      }
      if (run < 15) break;
    }
    if (step + run + 1 > 63) break;
    used += length + size;
    step += run + 1;
    isEmpty = false;
  }
  return ((<u32>dc) << 16) | ((isEmpty ? ESCAPE : step) << 5) | used;
}

/** The number that `size` extra bits stand for (T.81, F.2.2.1). */
export function extend(bits: u32, size: u32): i32 {
  return bits < 1 << (size - 1) ? <i32>bits - (1 << size) + 1 : <i32>bits;
}
