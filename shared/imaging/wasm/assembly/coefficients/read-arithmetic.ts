/**
 * AssemblyScript: reads arithmetic-coded scans, sequential and progressive (ITU-T T.81, Annex D, F.2.4 and G.2.3), into
 * memory. Behind the data's end there are zeros without end (D.2.6), so that hardly any damage shows.
 */

import { EVEN, STATES } from "../arithmetic-states";
import { top } from "../scan-input";
import { BAD_CODE, CONDITIONING, CONTEXTS, OK, PREDICTORS, SCAN_BLOCKS, STATISTICS } from "./memory-map";
import { AC_FIRST, DC_FIRST, DC_REFINE, SEQUENTIAL } from "./read-scan";
import { BLOCK_BYTES, coefficientsAt, columns, first, last, lastBlock, low, maskOf } from "./scan-blocks";

const DC_BYTES: usize = 64;
const AC_BYTES: usize = 256;
const AC_STATISTICS: usize = STATISTICS + 4 * DC_BYTES;
/** The bin that does not learn. */
const EVEN_BIN: usize = AC_STATISTICS + 4 * AC_BYTES;
const MOST_MAGNITUDE: i32 = 0x4000;

/** The interval, and where in it the code lies, which is kept shifted up by `shift`. */
let range: u32 = 0;
let code: u32 = 0;
let shift: i32 = 0;
let next: u32 = 0;
let stop: u32 = 0;

/** DC: `lower` and `upper` bound what counts as a small difference; AC: `lower` is Kx (F.1.4.4.1.4 and F.1.4.4.2.1). */
export function setConditioning(slot: u32, lower: u32, upper: u32): void {
  store<u8>(CONDITIONING + (slot << 1), <u8>lower);
  store<u8>(CONDITIONING + (slot << 1), <u8>upper, 1);
}

function nextByte(): u32 {
  if (next >= stop) return 0;
  return load<u8>(top - next++);
}

/** One decision, whose statistics are at `bin` (D.2). */
function decide(bin: usize): u32 {
  while (range < 0x8000) {
    if (shift === 0) {
      code = (code << 8) | nextByte();
      shift = 8;
    }
    shift--;
    range <<= 1;
  }
  const state: u32 = load<u8>(bin);
  const entry = load<u32>(STATES + ((<usize>(state & 127)) << 2));
  const less = entry >> 16;
  let answer = state >> 7;
  range -= less;
  const upper = range << shift;
  let isLess = false;
  if (code >= upper) {
    code -= upper;
    isLess = range >= less;
    range = less;
  } else {
    if (range >= 0x8000) return answer;
    isLess = range < less;
  }
  if (isLess) {
    store<u8>(bin, <u8>((state & 128) ^ ((entry >> 8) & 255)));
    answer ^= 1;
  } else store<u8>(bin, <u8>((state & 128) | (entry & 127)));
  return answer;
}

/** Reads `count` MCUs from the `mcu`th on, as `readMcus` does. */
export function readMcusArithmetic(kind: u32, mcu: u32, count: u32, from: u32, to: u32): i32 {
  next = from;
  stop = to;
  memory.fill(STATISTICS, 0, 4 * (DC_BYTES + AC_BYTES));
  memory.fill(CONTEXTS, 0, 16);
  memory.fill(PREDICTORS, 0, 16);
  store<u8>(EVEN_BIN, EVEN);
  range = 0x10000;
  shift = 0;
  code = nextByte() << 8;
  code |= nextByte();
  for (const end = mcu + count; mcu < end; mcu++)
    for (let block = SCAN_BLOCKS; block < lastBlock; block += BLOCK_BYTES) {
      const into = coefficientsAt(block, mcu % columns, mcu / columns);
      const table = AC_STATISTICS + <usize>(load<u8>(block, 13) - 4) * AC_BYTES;
      const kx: u32 = load<u8>(CONDITIONING + ((<usize>load<u8>(block, 13)) << 1));
      let good = true;
      if (kind === SEQUENTIAL) good = readDc(block, into) && readBand(table, kx, into, 1, 63);
      else if (kind === DC_FIRST) good = readDc(block, into);
      else if (kind === DC_REFINE) store<i16>(into, load<i16>(into) | <i16>(decide(EVEN_BIN) << low));
      else if (kind === AC_FIRST) good = readBand(table, kx, into, first, last);
      else good = refineBand(table, into);
      if (!good) return BAD_CODE;
    }
  // A coder writes no byte that is not needed.
  return next === stop ? OK : BAD_CODE;
}

/** Bits below the highest one of a magnitude whose category has been decided; `bin`: that category's (figure F.24). */
function magnitude(highest: i32, bin: usize): i32 {
  let value = highest;
  for (let bit = highest >> 1; bit > 0; bit >>= 1) if (decide(bin + 14) !== 0) value |= bit;
  return value + 1;
}

function readDc(block: usize, into: usize): bool {
  const table: usize = load<u8>(block, 12);
  const component: usize = load<u8>(block, 14);
  const statistics = STATISTICS + table * DC_BYTES;
  const predictor = PREDICTORS + (component << 2);
  let bin = statistics + load<u8>(CONTEXTS + component);
  let context: u32 = 0;
  if (decide(bin) !== 0) {
    const isNegative = decide(bin + 1);
    bin += 2 + isNegative;
    let highest: i32 = decide(bin);
    if (highest !== 0) {
      for (bin = statistics + 20; decide(bin) !== 0; bin++) {
        if (highest === MOST_MAGNITUDE) return false;
        highest <<= 1;
      }
    }
    const conditioning = CONDITIONING + (table << 1);
    if (highest >= (1 << load<u8>(conditioning)) >> 1)
      context = (highest > (1 << load<u8>(conditioning, 1)) >> 1 ? 12 : 4) + (isNegative << 2);
    const difference = magnitude(highest, bin);
    const value = load<i32>(predictor) + (isNegative !== 0 ? -difference : difference);
    if (value < -32767 || value > 32767) return false;
    store<i32>(predictor, value);
  }
  store<u8>(CONTEXTS + component, <u8>context);
  const scaled = load<i32>(predictor) << low;
  store<i16>(into, <i16>scaled);
  return scaled >= -32767 && scaled <= 32767;
}

function readBand(statistics: usize, kx: u32, into: usize, from: u32, to: u32): bool {
  for (let k = from; k <= to; k++) {
    let bin = statistics + 3 * (k - 1);
    if (decide(bin) !== 0) return true;
    while (decide(bin + 1) === 0) {
      bin += 3;
      if (++k > to) return false;
    }
    const isNegative = decide(EVEN_BIN) !== 0;
    bin += 2;
    let highest: i32 = decide(bin);
    if (highest !== 0 && decide(bin) !== 0) {
      highest = 2;
      for (bin = statistics + (k <= kx ? 189 : 217); decide(bin) !== 0; bin++) {
        if (highest === MOST_MAGNITUDE) return false;
        highest <<= 1;
      }
    }
    const value = magnitude(highest, bin) << low;
    if (value > 32767) return false;
    store<i16>(into + (k << 1), <i16>(isNegative ? -value : value));
  }
  return true;
}

function refineBand(statistics: usize, into: usize): bool {
  const step: i32 = 1 << low;
  const known = maskOf(into, 1, last, 1);
  const lastKnown: u32 = known === 0 ? 0 : 63 - <u32>clz(known);
  for (let k = first; k <= last; k++) {
    let bin = statistics + 3 * (k - 1);
    if (k > lastKnown && decide(bin) !== 0) return true;
    for (;;) {
      const at = into + (k << 1);
      const value: i32 = load<i16>(at);
      if (value !== 0) {
        if (decide(bin + 2) !== 0) store<i16>(at, <i16>(value < 0 ? value - step : value + step));
        break;
      }
      if (decide(bin + 1) !== 0) {
        store<i16>(at, <i16>(decide(EVEN_BIN) !== 0 ? -step : step));
        break;
      }
      bin += 3;
      if (++k > last) return false;
    }
  }
  return true;
}
