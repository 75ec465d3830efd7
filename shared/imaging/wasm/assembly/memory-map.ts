/**
 * AssemblyScript: where everything lies in the kernel's memory. ../jpeg-kernel.ts holds the same numbers for what it
 * reads and writes.
 */

/** Eight slots (DC 0–3, AC 4–7), each an entry of 16 bits for each 16 bits of data: length << 8 | symbol, 0 for no code. */
export const FULL: usize = 0x20000;
/** Four AC slots of `FAST_BITS`: several symbols at once, see `buildFast`. */
export const FAST_AC: usize = 0x120000;
/** Four slots for pairs of a DC and an AC table: a block's DC symbol and as many AC symbols as fit. */
export const FAST_BLOCK: usize = 0x140000;
/** A table of entries that lead nowhere, for lanes without work. */
export const NOWHERE: usize = 0x160000;
/** Eight slots of 256 symbols: length << 16 | code, 0 for none. */
export const CODES: usize = 0x168000;
/** Four components' quantisation tables, f32, in natural order. */
export const QUANT: usize = 0x16a000;
/** Ten blocks of 64 coefficients, i16, in natural order. */
export const COEFFICIENTS: usize = 0x16a800;
/** Ten blocks of 64 samples, f32, 0 standing for 128; what is added to them comes back in the same place. */
export const SAMPLES: usize = 0x16b000;
export const WORK: usize = 0x16ba00;
/** A table as DHT carries it: 16 counts, then up to 256 symbols. */
export const SPEC: usize = 0x16bc00;
/** A block of the MCU, 16 bytes: its two fast tables' addresses, its component times 4, its DC slot, its AC slot. */
export const BLOCKS: usize = 0x16be00;
/** A block whose tables are NOWHERE. */
export const PARKING: usize = 0x16bf00;
export const PREDICTORS: usize = 0x16bf40;
export const OUT_PREDICTORS: usize = 0x16bf60;
/** For each AC slot the first 16 bits, as a number, from which on the output's codes are not the input's. */
export const CHANGED_FROM: usize = 0x16bf80;
export const LANES: usize = 0x16c000;
/** Up to `MOST_PIECES` of the scan, 64 bytes each; see survey.ts. */
export const PIECES: usize = 0x16c800;
/** What quantisation has cut off each of the ten blocks' coefficients, f32. */
export const REMAINDERS: usize = 0x16f000;
export const INPUT: usize = 0x170000;
export const OUTPUT: usize = 0x184000;
export const OUTPUT_BYTES: usize = 0x10000;

export const OK: i32 = 0;
export const BAD_CODE: i32 = 1;
export const DATA_END: i32 = 2;
export const NO_CODE: i32 = 3;

export const FAST_BITS: u32 = 13;
/** What is added to a fast entry's step at a block's end, and where not one symbol fits. */
export const END_OF_BLOCK: u32 = 128;
export const ESCAPE: u32 = 512;

export const ZIGZAG: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);
