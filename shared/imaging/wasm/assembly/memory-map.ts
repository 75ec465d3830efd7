/**
 * AssemblyScript: where everything lies in the kernel's memory. ../jpeg-kernel.ts holds the same numbers for what it
 * reads and writes.
 */

/** Eight slots (DC 0–3, AC 4–7), each an entry of 16 bits for each 16 bits of data: length << 8 | symbol, 0 for no code. */
export const FULL: usize = 0x20000;
/** Four AC slots of 13 bits: many symbols at once, see `buildFastAc`. */
export const FAST_AC: usize = 0x120000;
/** Four DC slots of 10 bits, entries as in FULL. */
export const FAST_DC: usize = 0x130000;
/** Eight slots of 256 symbols: length << 16 | code, 0 for none. */
export const CODES: usize = 0x132000;
/** Four components' quantisation tables, f32, in natural order. */
export const QUANT: usize = 0x134000;
/** Ten blocks of 64 coefficients, i16, in natural order. */
export const COEFFICIENTS: usize = 0x134800;
/** Coverage of one block's samples, f32, 0 to 1. */
export const ALPHA: usize = 0x135000;
export const WORK: usize = 0x135200;
/** A table as DHT carries it: 16 counts, then up to 256 symbols. */
export const SPEC: usize = 0x135400;
/** A block of the MCU: component, DC slot, AC slot, one byte each, in four bytes. */
export const BLOCKS: usize = 0x135600;
export const PREDICTORS: usize = 0x135800;
export const OUT_PREDICTORS: usize = 0x135820;
/** For each AC slot the first 16 bits, as a number, from which on the output's codes are not the input's. */
export const CHANGED_FROM: usize = 0x135840;
export const INPUT: usize = 0x136000;
export const OUTPUT: usize = 0x148000;
export const OUTPUT_BYTES: usize = 0x10000;

export const OK: i32 = 0;
export const BAD_CODE: i32 = 1;
export const DATA_END: i32 = 2;
export const NO_CODE: i32 = 3;
export const OUTPUT_FULL: i32 = 4;

export const FAST_AC_BITS: u32 = 13;
/** What fields of fast AC entries mean beside a step of up to 63 coefficients. */
export const END_OF_BLOCK: u32 = 256;
export const ESCAPE: u32 = 1024;

export const ZIGZAG: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);
