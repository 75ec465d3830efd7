/** AssemblyScript: the look-up tables of Huffman codes (ITU-T T.81, Annex C). */

import {
  CHANGED_FROM,
  CODES,
  END_OF_BLOCK,
  ESCAPE,
  FAST_AC,
  FAST_AC_BITS,
  FAST_DC,
  FULL,
  SPEC,
} from "./memory-map";

/**
 * Makes all tables of a slot out of SPEC. False: no Huffman table, or one that 8-bit samples cannot need, or a symbol
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
  if (isDc) buildFastDc(full, FAST_DC + ((<usize>slot) << 11));
  else {
    store<u32>(CHANGED_FROM + ((<usize>(slot - 4)) << 2), changedFrom);
    buildFastAc(full, FAST_AC + ((<usize>(slot - 4)) << 14), changedFrom);
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

function buildFastDc(full: usize, fast: usize): void {
  for (let i: u32 = 0; i < 1024; i++) {
    const entry = load<u16>(full + ((<usize>i) << 7));
    store<u16>(fast + ((<usize>i) << 1), entry >> 8 > 10 ? 0 : entry);
  }
}

/**
 * For each 13 bits: as many symbols as they hold, taken together. Low five bits: their length with all their extra
 * bits; above: by how much the coefficient's number grows, plus END_OF_BLOCK, or ESCAPE where not one symbol fits, or
 * its code changes.
 */
function buildFastAc(full: usize, fast: usize, changedFrom: u32): void {
  for (let i: u32 = 0; i < 1 << FAST_AC_BITS; i++) {
    let used: u32 = 0;
    let step: u32 = 0;
    while (used < FAST_AC_BITS) {
      const window = ((i << 3) << used) & 0xffff;
      if (window >= changedFrom) break;
      const entry: u32 = load<u16>(full + ((<usize>window) << 1));
      const length = entry >> 8;
      if (length === 0 || used + length > FAST_AC_BITS) break;
      const run = (entry >> 4) & 15;
      const size = entry & 15;
      if (size > 10) break;
      if (size === 0) {
        if (run === 0) {
          used += length;
          step += END_OF_BLOCK;
          break;
        }
        if (run < 15) break;
      }
      if (step + run + 1 > 63) break;
      used += length + size;
      step += run + 1;
    }
    store<u16>(fast + ((<usize>i) << 1), <u16>(((step === 0 ? ESCAPE : step) << 5) | used));
  }
}
