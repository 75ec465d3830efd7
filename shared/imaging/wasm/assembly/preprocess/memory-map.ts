/**
 * AssemblyScript: where everything lies in the preprocessing kernel's memory. ../../preprocessor-kernel.ts holds the same
 * numbers for what it reads and writes. Below SHA lie the compiler's constants.
 */

/** State (8 × u32), the block that is not full yet (64 bytes), bytes hashed so far (u64): all that a hash in progress is. */
export const SHA: usize = 0x4000;
export const SHA_BLOCK: usize = SHA + 32;
export const SHA_LENGTH: usize = SHA + 96;
export const SHA_SCHEDULE: usize = 0x4100;
/** Three times 256 × u32: linear light of red, green and blue by sample, weighted; white is 65,535. */
export const LIGHT: usize = 0x5000;
/** 65,536 × u8: the grey sample for a luminance. */
export const CURVE: usize = 0x10000;
/** Rows handed over for the next call. Two of the widest picture's fit. */
export const INPUT: usize = 0x20000;
export const INPUT_BYTES: usize = 0x80000;
/** What the WASI command has read ahead. */
export const READ_AHEAD: usize = 0xa0000;
export const READ_AHEAD_BYTES: usize = 0x10000;
/** Eight Huffman tables of a JPEG (DC 0–3, AC 0–3), see jpeg-bits.ts. */
export const HUFFMAN: usize = 0xb0000;
export const HUFFMAN_BYTES: usize = 0xc00;
/** Four quantisation tables of 64 × u16 in natural order. */
export const QUANTISATION: usize = 0xb6000;
/** Up to four components, see jpeg-frame.ts. */
export const COMPONENTS: usize = 0xb6200;
/** A block on its way from frequencies to samples, f32. */
export const TRANSFORM: usize = 0xb6400;
/** From here on each picture takes what it needs. */
export const DYNAMIC: usize = 0xc0000;

/** Of a picture's side, in and out. */
export const MOST_PIXELS: u32 = 65_535;

const PAGE: usize = 0x10000;

/** Makes the memory reach to `end`. False when there is no more. */
export function reachTo(end: u64): bool {
  if (end > 0xffff_0000) return false;
  const missing = <i32>((end + PAGE - 1) / PAGE) - memory.size();
  return missing <= 0 || memory.grow(missing) >= 0;
}

let held: usize = DYNAMIC;

/** Where the next picture's memory starts. */
export function free(): usize {
  return held;
}

/** Memory below `end` is in use until the program ends. */
export function hold(end: usize): void {
  held = (end + 15) & ~15;
}
