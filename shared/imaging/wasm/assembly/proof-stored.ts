/**
 * AssemblyScript: JPEGs whose coefficients come in several scans, progressive or one component after the other, are read
 * into memory first: 64 of 16 bits a block, in zigzag order.
 */

import { readBands, refineBands } from "./proof-bands";
import {
  BAD_CODE,
  BAD_RESTART,
  BLOCK,
  BLOCK_BYTES,
  BLOCKS,
  bits,
  COLUMNS,
  DATA_END,
  extend,
  INTERVAL,
  LEFT,
  OK,
  PREDICTORS,
  restart,
  resume,
  suspend,
  TABLES,
  take,
  takeSymbol,
  zeros,
} from "./proof-bits";
import { coefficientsOf, notZero } from "./proof-blocks";
import { END_OF_BLOCK, isInPicture, writeValue } from "./proof-canonical";
import { SLOT_BYTES } from "./proof-tables";

/** `readRow` for coefficients that `readScan` has stored. */
export function writeStoredRow(stream: usize, row: u32, skipped: usize, out: usize, ends: usize): void {
  const columns = load<u32>(stream + COLUMNS);
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  let at = out;
  for (let column: u32 = 0; column < columns; column++) {
    const isSkipped = skipped !== 0 && load<u8>(skipped + column) !== 0;
    for (let block = stream + BLOCK; block < lastBlock && !isSkipped; block += BLOCK_BYTES) {
      if (!isInPicture(block, column, row)) continue;
      const from = coefficientsOf(block, column, row);
      store<i16>(at, load<i16>(from));
      at += 2;
      let last: u32 = 0;
      for (let found = notZero(from) & ~1; found !== 0; found &= found - 1) {
        const k = <u32>ctz(found);
        at = writeValue(at, k - last - 1, load<i16>(from + (k << 1)));
        last = k;
      }
      store<u8>(at, END_OF_BLOCK);
      at++;
    }
    store<u32>(ends + ((<usize>column) << 2), <u32>(at - out));
  }
}

/** Kinds of scans: sequential; progressive, first and refining, of DC and of AC (G.1.2). */
export const SEQUENTIAL: u32 = 0;
export const DC_FIRST: u32 = 1;
export const DC_REFINE: u32 = 2;
export const AC_FIRST: u32 = 3;

/**
 * Reads a whole scan into stored coefficients. `first` and `last`: the band; `low`: the bit position. All sizes are those
 * of the scan's MCUs, which are single blocks where it has one component.
 */
export function readScan(stream: usize, rows: u32, kind: u32, first: u32, last: u32, low: u32): i32 {
  if (kind === AC_FIRST) return readBands(stream, rows, first, last, low);
  if (kind > AC_FIRST) return refineBands(stream, rows, first, last, low);
  resume(stream);
  const columns = load<u32>(stream + COLUMNS);
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  const interval = load<u32>(stream + INTERVAL);
  for (let row: u32 = 0; row < rows; row++)
    for (let column: u32 = 0; column < columns; column++) {
      if (interval !== 0) {
        const left = load<u32>(stream + LEFT);
        if (left === 0 && !restart(stream)) return BAD_RESTART;
        store<u32>(stream + LEFT, (left === 0 ? interval : left) - 1);
      }
      for (let block = stream + BLOCK; block < lastBlock; block += BLOCK_BYTES) {
        const into = coefficientsOf(block, column, row);
        let good = true;
        if (kind === SEQUENTIAL) good = readDc(stream, block, into, 0) && readAc(stream, block, into);
        else if (kind === DC_FIRST) good = readDc(stream, block, into, low);
        else store<i16>(into, load<i16>(into) | <i16>(take(1) << low));
        if (!good) return BAD_CODE;
      }
      if (bits < zeros) return DATA_END;
    }
  suspend(stream);
  return OK;
}

function readDc(stream: usize, block: usize, into: usize, low: u32): bool {
  const category = takeSymbol(stream + TABLES + <usize>load<u8>(block, 1) * SLOT_BYTES);
  if (category < 0) return false;
  const predictor = stream + PREDICTORS + ((<usize>load<u8>(block)) << 2);
  let value = load<i32>(predictor);
  if (category > 0) value += extend(take(category), category);
  const scaled = value << low;
  if (value < -32768 || value > 32767 || scaled < -32768 || scaled > 32767) return false;
  store<i32>(predictor, value);
  store<i16>(into, <i16>scaled);
  return true;
}

function readAc(stream: usize, block: usize, into: usize): bool {
  const table = stream + TABLES + <usize>load<u8>(block, 2) * SLOT_BYTES;
  for (let k: u32 = 1; k < 64; k++) {
    const symbol = takeSymbol(table);
    if (symbol < 0) return false;
    const run: u32 = symbol >> 4;
    const size: u32 = symbol & 15;
    if (symbol === 0) return true;
    k += run;
    if (size === 0) {
      if (run < 15 || k > 62) return false;
      continue;
    }
    if (k > 63 || size > 10) return false;
    store<i16>(into + (k << 1), <i16>extend(take(size), size));
  }
  return true;
}
