/**
 * AssemblyScript: where things lie in the kernel of whole coefficients. What blocks become samples with has the places
 * of ../memory-map.ts; these lie where that has its large tables. ../../coefficient-kernel.ts holds the same numbers.
 */

/** Eight slots (DC 0–3, AC 4–7), see reading-tables.ts. */
export const READING: usize = 0x20000;
export const READING_BYTES: usize = 0x2000;
/** Eight slots of 256 numbers: how often a symbol is needed. */
export const COUNTS: usize = 0x30000;
/** Eight slots of 256 symbols: length << 16 | code. */
export const WRITING: usize = 0x32000;
/**
 * A block of the scan's MCU, 32 bytes: address of its component's coefficients, their blocks a row, how far it lies from
 * the MCU's first block (32 bits each); DC slot, AC slot, component, its sampling in the scan (h, v), one byte each.
 */
export const SCAN_BLOCKS: usize = 0x34000;
export const PREDICTORS: usize = 0x34200;
/** Bits that refine coefficients of blocks that have ended, 16 bytes a block: the bits, their number. */
export const REFINING: usize = 0x35000;
/** Arithmetic coding's statistics: four DC tables of 64 bytes, four AC tables of 256. */
export const STATISTICS: usize = 0x3a000;
/** Of each component the last DC difference's kind (T.81, F.1.4.4.1.2). */
export const CONTEXTS: usize = 0x3a800;
/** Of each arithmetic table: DC's L and U, AC's Kx; one byte each. */
export const CONDITIONING: usize = 0x3a900;
/** Up to `OUTPUT_BYTES` of the scan that is written. */
export const WRITTEN: usize = 0x40000;
export const WRITTEN_BYTES: usize = 0x100000;

export const OK: i32 = 0;
export const BAD_CODE: i32 = 1;
export const DATA_END: i32 = 2;
export const NO_CODE: i32 = 3;
