/**
 * AssemblyScript: reads Huffman-coded scans, sequential and progressive (ITU-T T.81, F.2 and G.2), into memory. The
 * proof has a reader of its own, which shares no line with this one.
 */

import { extend } from "../huffman-tables";
import { bitsAt } from "../scan-input";
import { BAD_CODE, DATA_END, OK, PREDICTORS, READING, READING_BYTES, SCAN_BLOCKS } from "./memory-map";
import { symbolOf } from "./reading-tables";
import { BLOCK_BYTES, coefficientsAt, columns, first, last, lastBlock, low, maskOf } from "./scan-blocks";

/** Bit that the next symbol begins with. */
let position: u32 = 0;

/** Kinds of scans; progressive ones are of DC or of AC values, first or refining (G.1.2). */
export const SEQUENTIAL: u32 = 0;
export const DC_FIRST: u32 = 1;
export const DC_REFINE: u32 = 2;
export const AC_FIRST: u32 = 3;

/** Reads `count` MCUs from the `mcu`th on, which the clean bytes [from, to) hold: all between two restart markers. */
export function readMcus(kind: u32, mcu: u32, count: u32, from: u32, to: u32): i32 {
  position = from << 3;
  memory.fill(PREDICTORS, 0, 16);
  const limit = to << 3;
  const status =
    kind < AC_FIRST
      ? readInterleaved(kind, mcu, count, limit)
      : kind === AC_FIRST
        ? readBand(mcu, count, limit)
        : refineBand(mcu, count, limit);
  if (status !== OK) return status;
  // Fewer than eight bits fill up the last byte.
  return position > limit ? DATA_END : limit - position > 7 ? BAD_CODE : OK;
}

function readInterleaved(kind: u32, mcu: u32, count: u32, limit: u32): i32 {
  let row = mcu / columns;
  let column = mcu % columns;
  for (; count > 0; count--) {
    for (let block = SCAN_BLOCKS; block < lastBlock; block += BLOCK_BYTES) {
      const into = coefficientsAt(block, column, row);
      if (kind === DC_REFINE) {
        store<i16>(into, load<i16>(into) | <i16>((bitsAt(position) >> 63) << low));
        position++;
      } else if (!readDc(block, into) || (kind === SEQUENTIAL && !readAll(block, into))) return BAD_CODE;
    }
    if (position > limit) return DATA_END;
    if (++column === columns) {
      column = 0;
      row++;
    }
  }
  return OK;
}

function readDc(block: usize, into: usize): bool {
  const bits = bitsAt(position);
  const entry = symbolOf(READING + load<u8>(block, 12) * READING_BYTES, bits);
  if (entry === 0) return false;
  const length = entry >> 8;
  const size = entry & 15;
  const predictor = PREDICTORS + ((<usize>load<u8>(block, 14)) << 2);
  let value = load<i32>(predictor);
  if (size !== 0) value += extend(<u32>((bits << length) >> (64 - size)), size);
  const scaled = value << low;
  if (value < -32767 || value > 32767 || scaled < -32767 || scaled > 32767) return false;
  store<i32>(predictor, value);
  store<i16>(into, <i16>scaled);
  position += length + size;
  return true;
}

function readAll(block: usize, into: usize): bool {
  const table = READING + load<u8>(block, 13) * READING_BYTES;
  let p = position;
  for (let k: u32 = 1; k < 64; k++) {
    const bits = bitsAt(p);
    const entry = symbolOf(table, bits);
    if (entry === 0) return false;
    const length = entry >> 8;
    const size = entry & 15;
    p += length + size;
    k += (entry >> 4) & 15;
    if (size === 0) {
      if ((entry & 255) === 0) break;
      if ((entry & 255) !== 0xf0 || k > 62) return false;
      continue;
    }
    if (k > 63 || size > 10) return false;
    store<i16>(into + (k << 1), <i16>extend(<u32>((bits << length) >> (64 - size)), size));
  }
  position = p;
  return true;
}

/** First scan of a band: of one component, so block after block. */
function readBand(mcu: u32, count: u32, limit: u32): i32 {
  const table = READING + load<u8>(SCAN_BLOCKS, 13) * READING_BYTES;
  let p = position;
  let ended: u32 = 0;
  for (const stop = mcu + count; mcu < stop; mcu++) {
    if (ended > 0) {
      const passed = min(ended, stop - mcu);
      ended -= passed;
      mcu += passed - 1;
      continue;
    }
    const into = coefficientsAt(SCAN_BLOCKS, mcu % columns, mcu / columns);
    for (let k = first; k <= last; k++) {
      const bits = bitsAt(p);
      const entry = symbolOf(table, bits);
      if (entry === 0) return BAD_CODE;
      const length = entry >> 8;
      const run = (entry >> 4) & 15;
      const size = entry & 15;
      if (size === 0 && run < 15) {
        ended = (1 << run) - 1;
        if (run > 0) ended += <u32>((bits << length) >> (64 - run));
        p += length + run;
        break;
      }
      p += length + size;
      k += run;
      if (k > last || size > 10) return BAD_CODE;
      if (size === 0) continue;
      const value = extend(<u32>((bits << length) >> (64 - size)), size) << low;
      if (value < -32767 || value > 32767) return BAD_CODE;
      store<i16>(into + (k << 1), <i16>value);
    }
    if (p > limit) return DATA_END;
  }
  position = p;
  return ended === 0 ? OK : BAD_CODE;
}

/** A bit more for a band that has been read before (G.1.2.3). */
function refineBand(mcu: u32, count: u32, limit: u32): i32 {
  const table = READING + load<u8>(SCAN_BLOCKS, 13) * READING_BYTES;
  const step: i32 = 1 << low;
  const beyond = last + 1;
  let p = position;
  let ended: u32 = 0;
  for (const stop = mcu + count; mcu < stop; mcu++) {
    const into = coefficientsAt(SCAN_BLOCKS, mcu % columns, mcu / columns);
    // What is not zero, and still lies ahead: each has a bit of its own.
    let known = maskOf(into, first, last, 1);
    let k = first;
    while (ended === 0 && k <= last) {
      const bits = bitsAt(p);
      const entry = symbolOf(table, bits);
      if (entry === 0) return BAD_CODE;
      const length = entry >> 8;
      const size = entry & 15;
      let run = (entry >> 4) & 15;
      if (size > 1) return BAD_CODE;
      if (size === 0 && run < 15) {
        ended = 1 << run;
        if (run > 0) ended += <u32>((bits << length) >> (64 - run));
        p += length + run;
        break;
      }
      p += length + size;
      // Past `run` zeros, and past what is not zero among them.
      for (;;) {
        const next = known === 0 ? beyond : <u32>ctz(known);
        const zeros = next - k;
        if (run < zeros) break;
        if (next === beyond) return BAD_CODE;
        run -= zeros;
        refine(into + (next << 1), step, bitsAt(p++));
        known &= known - 1;
        k = next + 1;
      }
      k += run;
      if (size !== 0) store<i16>(into + (k << 1), <i16>((bits << length) >> 63 !== 0 ? step : -step));
      k++;
    }
    if (ended > 0) {
      for (; known !== 0; known &= known - 1) refine(into + ((<usize>ctz(known)) << 1), step, bitsAt(p++));
      ended--;
    }
    if (p > limit) return DATA_END;
  }
  position = p;
  return ended === 0 ? OK : BAD_CODE;
}

/** Without a branch on the bit, which nobody can foresee. */
function refine(at: usize, step: i32, bits: u64): void {
  const value: i32 = load<i16>(at);
  const sign = value >> 31;
  const change = step & -(<i32>(bits >> 63)) & ~(value & step);
  store<i16>(at, <i16>(value + ((change ^ sign) - sign)));
}
