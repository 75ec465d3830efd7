/**
 * AssemblyScript: the proof's own reader of arithmetic-coded scans, step by step as ITU-T T.81 draws it (Annex D, F.2.4
 * and G.2.3). It shares the table of states with the one that marks, and nothing else.
 */

import { EVEN, STATES } from "./arithmetic-states";
import {
  BAD_CODE,
  BAD_RESTART,
  BLOCK,
  BLOCK_BYTES,
  BLOCKS,
  COLUMNS,
  end,
  INTERVAL,
  LEFT,
  OK,
  PREDICTORS,
  position,
  restart,
  resume,
  resumeAt,
  suspend,
} from "./proof-bits";
import { coefficientsOf } from "./proof-blocks";
import { AC_FIRST, DC_FIRST, DC_REFINE, SEQUENTIAL } from "./proof-stored";

/** Statistics: four DC tables of 64 bytes, four AC tables of 256; a bin that does not learn; each component's context. */
const DC_BINS: usize = 0x8000;
const AC_BINS: usize = 0x8100;
const EVEN_BIN: usize = 0x8500;
const CONTEXTS: usize = 0x8504;
const BINS_BYTES: usize = 0x508;
/** Of each stream's tables (DC 0–3, AC 4–7) two bytes: L and U, or Kx. */
const CONDITIONING: usize = 0x8600;

/** The registers A and C (D.2): Cx is C's higher half. */
let a: u32 = 0;
let c: u32 = 0;
let ct: u32 = 0;

export function setConditioning(stream: u32, number: u32, lower: u32, upper: u32): void {
  const at = CONDITIONING + (((stream << 3) + number) << 1);
  store<u8>(at, <u8>lower);
  store<u8>(at, <u8>upper, 1);
}

/** Figure D.20 and D.21: behind the data's end come zeros. */
function byteIn(): void {
  if (position >= end) return;
  const byte: u32 = load<u8>(position);
  if (byte !== 0xff) {
    c += byte << 8;
    resumeAt(position + 1, 0, 0);
  } else if (position + 1 < end && load<u8>(position + 1) === 0) {
    c += 0xff00;
    resumeAt(position + 2, 0, 0);
  }
}

/** Figure D.22, and statistics as at a scan's start. */
function initialise(): void {
  memory.fill(DC_BINS, 0, BINS_BYTES);
  store<u8>(EVEN_BIN, EVEN);
  c = 0;
  byteIn();
  c <<= 8;
  byteIn();
  c <<= 8;
  ct = 0;
  a = 0x10000;
}

/** Figure D.19. */
function renormalise(): void {
  do {
    if (ct === 0) {
      byteIn();
      ct = 8;
    }
    a <<= 1;
    c <<= 1;
    ct--;
  } while (a < 0x8000);
}

function afterMore(bin: usize, state: u32, entry: u32): u32 {
  store<u8>(bin, <u8>((state & 128) | (entry & 127)));
  return state >> 7;
}

function afterLess(bin: usize, state: u32, entry: u32): u32 {
  store<u8>(bin, <u8>((state & 128) ^ ((entry >> 8) & 255)));
  return (state >> 7) ^ 1;
}

/** Figures D.16 to D.18. */
function decode(bin: usize): u32 {
  const state: u32 = load<u8>(bin);
  const entry = load<u32>(STATES + ((<usize>(state & 127)) << 2));
  const qe = entry >> 16;
  let decision: u32 = 0;
  a -= qe;
  if (c >> 16 < a) {
    if (a >= 0x8000) return state >> 7;
    decision = a < qe ? afterLess(bin, state, entry) : afterMore(bin, state, entry);
  } else {
    decision = a < qe ? afterMore(bin, state, entry) : afterLess(bin, state, entry);
    c -= a << 16;
    a = qe;
  }
  renormalise();
  return decision;
}

/** Reads a whole scan into stored coefficients, as `readScan` does. `number`: the stream's. */
export function readArithmeticScan(
  stream: usize,
  number: u32,
  rows: u32,
  kind: u32,
  first: u32,
  last: u32,
  low: u32,
): i32 {
  resume(stream);
  const columns = load<u32>(stream + COLUMNS);
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  const interval = load<u32>(stream + INTERVAL);
  initialise();
  for (let row: u32 = 0; row < rows; row++)
    for (let column: u32 = 0; column < columns; column++) {
      if (interval !== 0) {
        const left = load<u32>(stream + LEFT);
        if (left === 0) {
          if (!restart(stream)) return BAD_RESTART;
          initialise();
        }
        store<u32>(stream + LEFT, (left === 0 ? interval : left) - 1);
      }
      for (let block = stream + BLOCK; block < lastBlock; block += BLOCK_BYTES) {
        const into = coefficientsOf(block, column, row);
        const ac: u32 = load<u8>(block, 2);
        const bins = AC_BINS + ((<usize>(ac - 4)) << 8);
        const kx: u32 = load<u8>(CONDITIONING + (((number << 3) + ac) << 1));
        let good = true;
        if (kind === SEQUENTIAL)
          good = decodeDc(stream, number, block, into, 0) && decodeAc(bins, kx, into, 1, 63, 0);
        else if (kind === DC_FIRST) good = decodeDc(stream, number, block, into, low);
        else if (kind === DC_REFINE) store<i16>(into, load<i16>(into) | <i16>(decode(EVEN_BIN) << low));
        else if (kind === AC_FIRST) good = decodeAc(bins, kx, into, first, last, low);
        else good = refineAc(bins, into, first, last, low);
        if (!good) return BAD_CODE;
      }
    }
  suspend(stream);
  return OK;
}

/** Figures F.23 and F.24: the magnitude less one, whose category's bins begin at `bin`; -1: too large. */
function decodeMagnitude(bin: usize, start: u32): i32 {
  let m = start;
  let at = bin;
  while (decode(at) !== 0) {
    m <<= 1;
    at++;
    if (m > 0x4000) return -1;
  }
  let value = m;
  for (m >>= 1; m !== 0; m >>= 1) if (decode(at + 14) !== 0) value |= m;
  return value;
}

function decodeDc(stream: usize, number: u32, block: usize, into: usize, low: u32): bool {
  const component: usize = load<u8>(block);
  const table: usize = load<u8>(block, 1);
  const bins = DC_BINS + (table << 6);
  const predictor = stream + PREDICTORS + (component << 2);
  const s0 = bins + load<u8>(CONTEXTS + component);
  let context: u8 = 0;
  if (decode(s0) !== 0) {
    const sign = decode(s0 + 1);
    let size: i32 = 0;
    if (decode(s0 + 2 + sign) !== 0) {
      size = decodeMagnitude(bins + 20, 1);
      if (size < 0) return false;
    }
    // What the category's highest bit is, decides the context (F.1.4.4.1.2).
    const highest = size === 0 ? 0 : 1 << (31 - clz(size));
    const conditioning = CONDITIONING + (((number << 3) + <u32>table) << 1);
    if (highest < (1 << load<u8>(conditioning)) >> 1) context = 0;
    else if (highest > (1 << load<u8>(conditioning, 1)) >> 1) context = <u8>(12 + 4 * sign);
    else context = <u8>(4 + 4 * sign);
    const difference = sign !== 0 ? -(size + 1) : size + 1;
    store<i32>(predictor, load<i32>(predictor) + difference);
  }
  store<u8>(CONTEXTS + component, context);
  const value = load<i32>(predictor);
  const scaled = value << low;
  if (value < -32768 || value > 32767 || scaled < -32768 || scaled > 32767) return false;
  store<i16>(into, <i16>scaled);
  return true;
}

function decodeAc(bins: usize, kx: u32, into: usize, first: u32, last: u32, low: u32): bool {
  for (let k = first; k <= last; k++) {
    if (decode(bins + 3 * (k - 1)) !== 0) return true;
    while (decode(bins + 3 * (k - 1) + 1) === 0) if (++k > last) return false;
    const sign = decode(EVEN_BIN);
    const sp = bins + 3 * (k - 1) + 2;
    let size: i32 = 0;
    if (decode(sp) !== 0) {
      size = 1;
      if (decode(sp) !== 0) size = decodeMagnitude(bins + (k <= kx ? 189 : 217), 2);
      if (size < 0) return false;
    }
    const value = (size + 1) << low;
    if (value > 32767) return false;
    store<i16>(into + (k << 1), <i16>(sign !== 0 ? -value : value));
  }
  return true;
}

/** Figure G.10. */
function refineAc(bins: usize, into: usize, first: u32, last: u32, low: u32): bool {
  const bit: i32 = 1 << low;
  let eobx: u32 = last;
  while (eobx > 0 && load<i16>(into + (eobx << 1)) === 0) eobx--;
  for (let k = first; k <= last; k++) {
    if (k > eobx && decode(bins + 3 * (k - 1)) !== 0) return true;
    for (;;) {
      const at = into + (k << 1);
      const value: i32 = load<i16>(at);
      if (value !== 0) {
        if (decode(bins + 3 * (k - 1) + 2) !== 0)
          store<i16>(at, <i16>(value < 0 ? value - bit : value + bit));
        break;
      }
      if (decode(bins + 3 * (k - 1) + 1) !== 0) {
        store<i16>(at, <i16>(decode(EVEN_BIN) !== 0 ? -bit : bit));
        break;
      }
      if (++k > last) return false;
    }
  }
  return true;
}
