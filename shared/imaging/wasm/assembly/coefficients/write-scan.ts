/** AssemblyScript: writes stored coefficients as a Huffman-coded scan, sequential or progressive (T.81, F.1 and G.1). */

import { NO_CODE, OK, PREDICTORS, REFINING, SCAN_BLOCKS } from "./memory-map";
import { AC_FIRST, DC_REFINE, SEQUENTIAL } from "./read-scan";
import { BLOCK_BYTES, coefficientsAt, columns, first, last, lastBlock, low, maskOf } from "./scan-blocks";
import {
  endInterval,
  isCounting,
  lacksCode,
  openWriting,
  putBits,
  putNumber,
  putSymbol,
} from "./written-bits";

const ZERO_RUN: u32 = 0xf0;
/** A run of blocks that end has this many at most (G.1.2.2). */
const MOST_ENDED: u32 = 0x7fff;
/** Above this, bits that refine are written before the next block adds some. */
const MANY_REFINING: u32 = 1000;

let interval: u32 = 0;
/** MCUs that are left of the interval, and the number of its marker. */
let left: u32 = 0;
let nextRestart: u32 = 0;
let ended: u32 = 0;
/** Bits that refine and wait for the end of the run: how many, and where the last of them lie. */
let refining: u32 = 0;
let endOfRefining: usize = REFINING;

/** Starts a pass over the scan. `perInterval`: MCUs between restart markers, 0 without. */
export function startWriting(counts: bool, perInterval: u32): void {
  openWriting(counts);
  interval = perInterval;
  left = perInterval;
  nextRestart = 0;
  startInterval();
}

function startInterval(): void {
  memory.fill(PREDICTORS, 0, 16);
  ended = 0;
  refining = 0;
  endOfRefining = REFINING;
}

/** Writes `count` MCUs from the `mcu`th on, which must be the next one. */
export function writeMcus(kind: u32, mcu: u32, count: u32): i32 {
  for (const stop = mcu + count; mcu < stop; mcu++) {
    if (interval !== 0) {
      if (left === 0) {
        putEnded();
        endInterval(0xd0 + (nextRestart++ & 7));
        startInterval();
        left = interval;
      }
      left--;
    }
    const column = mcu % columns;
    const row = mcu / columns;
    if (kind >= AC_FIRST) {
      const from = coefficientsAt(SCAN_BLOCKS, column, row);
      if (kind !== AC_FIRST) writeRefinement(from);
      else if (!writeBand(from)) return NO_CODE;
      continue;
    }
    for (let block = SCAN_BLOCKS; block < lastBlock; block += BLOCK_BYTES) {
      const from = coefficientsAt(block, column, row);
      if (kind === DC_REFINE) putBits(<u32>(load<i16>(from) >> <i16>low) & 1, 1);
      else if (!writeDc(block, from) || (kind === SEQUENTIAL && !writeAll(block, from))) return NO_CODE;
    }
  }
  return lacksCode ? NO_CODE : OK;
}

export function finishWriting(): void {
  putEnded();
  endInterval(0);
}

function sizeOf(value: i32): u32 {
  return 32 - <u32>clz(value < 0 ? -value : value);
}

function writeDc(block: usize, from: usize): bool {
  const predictor = PREDICTORS + ((<usize>load<u8>(block, 14)) << 2);
  const value = <i32>load<i16>(from) >> low;
  const difference = value - load<i32>(predictor);
  store<i32>(predictor, value);
  const size = sizeOf(difference);
  if (size > 11) return false;
  putNumber(load<u8>(block, 12), size, difference, size);
  return true;
}

function writeAll(block: usize, from: usize): bool {
  const slot: usize = load<u8>(block, 13);
  let before: u32 = 0;
  for (let mask = maskOf(from, 1, 63, 1); mask !== 0; mask &= mask - 1) {
    const k = <u32>ctz(mask);
    if (!writeValue(slot, k - before - 1, load<i16>(from + (k << 1)))) return false;
    before = k;
  }
  if (before < 63) putSymbol(slot, 0);
  return true;
}

function writeValue(slot: usize, zeros: u32, value: i32): bool {
  for (; zeros > 15; zeros -= 16) putSymbol(slot, ZERO_RUN);
  const size = sizeOf(value);
  if (size > 10) return false;
  putNumber(slot, (zeros << 4) | size, value, size);
  return true;
}

/** The run of blocks that have ended, and the bits that refine what is not zero in them. */
function putEnded(): void {
  if (ended === 0) return;
  const size = 31 - <u32>clz(ended);
  putSymbol(load<u8>(SCAN_BLOCKS, 13), size << 4);
  putBits(ended, size);
  ended = 0;
  for (let at = REFINING; at < endOfRefining; at += 16) putRefining(load<u64>(at), load<u32>(at, 8));
  refining = 0;
  endOfRefining = REFINING;
}

/** `count` bits, up to 64. */
function putRefining(bits: u64, count: u32): void {
  if (count > 32) putBits(<u32>(bits >> 32), count - 32);
  putBits(<u32>bits, min<u32>(count, 32));
}

function writeBand(from: usize): bool {
  const slot: usize = load<u8>(SCAN_BLOCKS, 13);
  let before = first - 1;
  for (let mask = maskOf(from, first, last, 1 << low); mask !== 0; mask &= mask - 1) {
    const k = <u32>ctz(mask);
    const value: i32 = load<i16>(from + (k << 1));
    putEnded();
    // Towards zero, not down (G.1.2.1).
    if (!writeValue(slot, k - before - 1, value < 0 ? -(-value >> low) : value >> low)) return false;
    before = k;
  }
  if (before < last && ++ended === MOST_ENDED) putEnded();
  return true;
}

/** `writeRefinement`, as far as it needs symbols. */
function countRefinement(known: u64, fresh: u64): void {
  const slot: usize = load<u8>(SCAN_BLOCKS, 13);
  let from = first;
  for (let mask = fresh; mask !== 0; mask &= mask - 1) {
    const k = <u32>ctz(mask);
    const before = known & ((<u64>-1) << from) & ~((<u64>-1) << k);
    const zeros = k - from - <u32>popcnt(before);
    putEnded();
    for (let i = zeros >> 4; i > 0; i--) putSymbol(slot, ZERO_RUN);
    putSymbol(slot, ((zeros & 15) << 4) | 1);
    from = k + 1;
  }
  if (from <= last) endRefinement(0, <u32>popcnt(known & ((<u64>-1) << from)));
}

/** The block ends with zeros or with bits that refine, `count` of them. */
function endRefinement(bits: u64, count: u32): void {
  if (count > 0) {
    store<u64>(endOfRefining, bits);
    store<u32>(endOfRefining, count, 8);
    endOfRefining += 16;
    refining += count;
  }
  if (++ended === MOST_ENDED || refining > MANY_REFINING) putEnded();
}

function writeRefinement(from: usize): void {
  const slot: usize = load<u8>(SCAN_BLOCKS, 13);
  const known = maskOf(from, first, last, 2 << low);
  const fresh = maskOf(from, first, last, 1 << low) & ~known;
  if (isCounting) {
    countRefinement(known, fresh);
    return;
  }
  let zeros: u32 = 0;
  let before = first - 1;
  // Bits of this block that wait for the next fresh value, or for the block's end.
  let waiting: u64 = 0;
  let count: u32 = 0;
  for (let mask = known | fresh; mask !== 0; mask &= mask - 1) {
    const k = <u32>ctz(mask);
    const value: i32 = load<i16>(from + (k << 1));
    zeros += k - before - 1;
    before = k;
    // Behind the last fresh one, zeros are part of the block's end.
    while (zeros > 15 && fresh >> k !== 0) {
      putEnded();
      putSymbol(slot, ZERO_RUN);
      zeros -= 16;
      putRefining(waiting, count);
      count = 0;
    }
    if (((fresh >> k) & 1) === 0) {
      waiting = (waiting << 1) | (<u64>((value < 0 ? -value : value) >> low) & 1);
      count++;
      continue;
    }
    putEnded();
    putSymbol(slot, (zeros << 4) | 1);
    putBits(value < 0 ? 0 : 1, 1);
    putRefining(waiting, count);
    count = 0;
    zeros = 0;
  }
  if (zeros + last - before > 0 || count > 0) endRefinement(waiting, count);
}
