/**
 * AssemblyScript: which blocks a scan has, in its order. Coefficients are 64 numbers of 16 bits a block, in zigzag
 * order; a component's blocks lie row by row, those that only fill up the last MCUs among them.
 */

import { SCAN_BLOCKS } from "./memory-map";

export const BLOCK_BYTES: usize = 32;

/** MCUs a row; of a scan with one component these are its blocks. */
export let columns: u32 = 0;
export let lastBlock: usize = SCAN_BLOCKS;
/** The band of coefficients, and the bit position. */
export let first: u32 = 0;
export let last: u32 = 63;
export let low: u32 = 0;

export function beginScan(mcusPerRow: u32, from: u32, to: u32, position: u32): void {
  columns = mcusPerRow;
  lastBlock = SCAN_BLOCKS;
  first = from;
  last = to;
  low = position;
}

/** @param offset From the MCU's first block of the component, in bytes. */
export function addScanBlock(
  plane: usize,
  blocksPerRow: u32,
  offset: u32,
  component: u32,
  tables: u32,
  horizontal: u32,
  vertical: u32,
): void {
  store<u32>(lastBlock, <u32>plane);
  store<u32>(lastBlock, blocksPerRow, 4);
  store<u32>(lastBlock, offset, 8);
  store<u8>(lastBlock, <u8>(tables >> 4), 12);
  store<u8>(lastBlock, <u8>((tables & 15) + 4), 13);
  store<u8>(lastBlock, <u8>component, 14);
  store<u8>(lastBlock, <u8>horizontal, 15);
  store<u8>(lastBlock, <u8>vertical, 16);
  lastBlock += BLOCK_BYTES;
}

/** Address of a scan block's coefficients in the MCU at `column` and `row`. */
export function coefficientsAt(block: usize, column: u32, row: u32): usize {
  const x = column * load<u8>(block, 15);
  const y = row * load<u8>(block, 16);
  return <usize>load<u32>(block) + ((<usize>(y * load<u32>(block, 4) + x)) << 7) + <usize>load<u32>(block, 8);
}

/** A bit for each of a block's coefficients of the band [from, to] whose magnitude is `least` at least. */
export function maskOf(block: usize, from: u32, to: u32, least: i32): u64 {
  const below = i16x8.splat(<i16>(least - 1));
  let found: u64 = 0;
  for (let group = from >> 3; group <= to >> 3; group++) {
    const magnitudes = i16x8.abs(v128.load(block + (group << 4)));
    found |= (<u64>i16x8.bitmask(i16x8.gt_s(magnitudes, below))) << (group << 3);
  }
  return found & (<u64>-1 >> (63 - to)) & ((<u64>-1) << from);
}
