/**
 * AssemblyScript: two streams read in step. Outside the mark a marked JPEG has the values of its original, so one set of
 * branches serves both: a symbol is looked up in each stream's own table, and must mean the same. It costs little more
 * than reading one. At the first difference this gives up, and the streams are read one by one.
 */

import {
  ACCUMULATOR,
  accumulator,
  BAD_CODE,
  BITS,
  BLOCK,
  BLOCK_BYTES,
  BLOCKS,
  bits,
  COLUMNS,
  DATA_END,
  END,
  extend,
  INTERVAL,
  LEFT,
  OK,
  POSITION,
  PREDICTORS,
  position,
  refill,
  restart,
  resume,
  resumeAt,
  suspend,
  TABLES,
  take,
  takeSymbol,
  ZEROS,
  zeros,
} from "./proof-bits";
import { END_OF_BLOCK, isInPicture, writeValue } from "./proof-canonical";
import { FAST_BITS, longSymbol, SLOT_BYTES } from "./proof-tables";

/** The streams do not say the same, or not in the same way. */
const DIFFERENT: i32 = 4;

function table(stream: usize, block: usize, which: usize): usize {
  return stream + TABLES + <usize>load<u8>(block + which) * SLOT_BYTES;
}

/** The symbol that a window begins with: length | symbol << 8; 0 for none. `entry`: what the table says of it. */
function symbolOf(slot: usize, window: u64, entry: u32): u32 {
  if (entry === 0) return longSymbol(slot, window);
  if (entry <= 0xffff) return entry;
  const value: i32 = <i8>(entry >> 16);
  const size = 32 - <u32>clz(value < 0 ? -value : value);
  return ((entry & 255) - size) | ((((((entry >> 8) & 15) << 4) | size) & 255) << 8);
}

/** The DC value of a block, and the stream behind it; the stream is the one in hand. -32769: no code. */
function takeDc(stream: usize, block: usize): i32 {
  const category = takeSymbol(table(stream, block, 1));
  if (category < 0) return -32769;
  const predictor = stream + PREDICTORS + ((<usize>load<u8>(block)) << 2);
  let value = load<i32>(predictor);
  if (category > 0) value += extend(take(category), category);
  if (value < -32768 || value > 32767) return -32769;
  store<i32>(predictor, value);
  return value;
}

/** Reads an MCU of one stream and writes nothing. */
function passMcu(stream: usize): i32 {
  resume(stream);
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  for (let block = stream + BLOCK; block < lastBlock; block += BLOCK_BYTES) {
    if (takeDc(stream, block) < -32768) return BAD_CODE;
    const slot = table(stream, block, 2);
    for (let k: u32 = 1; k < 64; ) {
      const symbol = takeSymbol(slot);
      if (symbol < 0) return BAD_CODE;
      const run = <u32>symbol >> 4;
      const size = <u32>symbol & 15;
      if (size === 0) {
        if (run === 0) break;
        k += 16;
        if (run !== 15 || k > 63) return BAD_CODE;
        continue;
      }
      k += run + 1;
      if (k > 64 || size > 10) return BAD_CODE;
      take(size);
    }
  }
  if (bits < zeros) return DATA_END;
  suspend(stream);
  return OK;
}

function restartStream(stream: usize): bool {
  resume(stream);
  if (!restart(stream)) return false;
  suspend(stream);
  return true;
}

/** `refill` of one of two streams whose windows are in the caller's variables; the rest of its state is in memory. */
function refillStream(stream: usize, at: usize, window: u64, count: i32): void {
  resume(stream);
  resumeAt(at, window, count);
  refill();
  store<i32>(stream + ZEROS, zeros);
}

/**
 * Reads one row of MCUs of both streams and writes it once, as `readRow` does. MCUs whose byte at `skipped` is not 0 are
 * read in each stream and neither compared nor written.
 */
export function readRowInStep(
  one: usize,
  two: usize,
  row: u32,
  skipped: usize,
  out: usize,
  ends: usize,
): i32 {
  let at = out;
  const columns = load<u32>(one + COLUMNS);
  const blockBytes = <usize>load<u32>(one + BLOCKS) * BLOCK_BYTES;
  const interval = load<u32>(one + INTERVAL);
  if (interval !== load<u32>(two + INTERVAL) || columns !== load<u32>(two + COLUMNS)) return DIFFERENT;
  for (let column: u32 = 0; column < columns; column++) {
    if (interval !== 0) {
      if (load<u32>(one + LEFT) === 0 && !(restartStream(one) && restartStream(two))) return DIFFERENT;
      store<u32>(one + LEFT, load<u32>(one + LEFT) - 1);
      store<u32>(two + LEFT, load<u32>(one + LEFT));
    }
    if (load<u8>(skipped + column) !== 0) {
      if (passMcu(one) !== OK || passMcu(two) !== OK) return DIFFERENT;
      store<u32>(ends + ((<usize>column) << 2), <u32>(at - out));
      continue;
    }
    let p = <usize>load<u32>(one + POSITION);
    let a = load<u64>(one + ACCUMULATOR);
    let b = load<i32>(one + BITS);
    let q = <usize>load<u32>(two + POSITION);
    let c = load<u64>(two + ACCUMULATOR);
    let d = load<i32>(two + BITS);
    const stopOne = <usize>load<u32>(one + END);
    const stopTwo = <usize>load<u32>(two + END);
    for (let offset: usize = 0; offset < blockBytes; offset += BLOCK_BYTES) {
      const block = one + BLOCK + offset;
      const blockStart = at;
      resume(one);
      resumeAt(p, a, b);
      const value = takeDc(one, block);
      store<i32>(one + ZEROS, zeros);
      p = position;
      a = accumulator;
      b = bits;
      resume(two);
      resumeAt(q, c, d);
      if (value < -32768 || takeDc(two, two + BLOCK + offset) !== value) return DIFFERENT;
      store<i32>(two + ZEROS, zeros);
      q = position;
      c = accumulator;
      d = bits;
      store<i16>(at, <i16>value);
      at += 2;
      const slotOne = table(one, block, 2);
      const slotTwo = table(two, two + BLOCK + offset, 2);
      let zerosBefore: u32 = 0;
      for (let k: u32 = 1; k < 64; ) {
        if (b < 32) {
          const word = p + 4 <= stopOne ? load<u32>(p) : 0xffffffff;
          if (((~word - 0x01010101) & word & 0x80808080) === 0) {
            a |= (<u64>bswap(word)) << (32 - b);
            b += 32;
            p += 4;
          } else {
            refillStream(one, p, a, b);
            p = position;
            a = accumulator;
            b = bits;
          }
        }
        if (d < 32) {
          const word = q + 4 <= stopTwo ? load<u32>(q) : 0xffffffff;
          if (((~word - 0x01010101) & word & 0x80808080) === 0) {
            c |= (<u64>bswap(word)) << (32 - d);
            d += 32;
            q += 4;
          } else {
            refillStream(two, q, c, d);
            q = position;
            c = accumulator;
            d = bits;
          }
        }
        let entry = load<u32>(slotOne + ((<usize>(a >> (64 - FAST_BITS))) << 2));
        let other = load<u32>(slotTwo + ((<usize>(c >> (64 - FAST_BITS))) << 2));
        if (entry > 0xffff && entry >> 8 === other >> 8) {
          k += ((entry >> 8) & 255) + 1;
          if (k > 64) return BAD_CODE;
          store<u16>(at, <u16>((entry >> 8) + zerosBefore));
          at += 2;
          zerosBefore = 0;
          a <<= entry & 255;
          b -= entry & 255;
          c <<= other & 255;
          d -= other & 255;
          continue;
        }
        if (entry === 0 || entry > 0xffff) entry = symbolOf(slotOne, a, entry);
        if (other === 0 || other > 0xffff) other = symbolOf(slotTwo, c, other);
        if (entry === 0 || entry >> 8 !== other >> 8) return DIFFERENT;
        a <<= entry & 255;
        b -= entry & 255;
        c <<= other & 255;
        d -= other & 255;
        const run = entry >> 12;
        const size = (entry >> 8) & 15;
        if (size === 0) {
          if (run === 0) break;
          k += 16;
          if (run !== 15 || k > 63) return BAD_CODE;
          zerosBefore += 16;
          continue;
        }
        k += run + 1;
        const extra = <u32>(a >> (64 - size));
        if (k > 64 || size > 10 || extra !== <u32>(c >> (64 - size))) return DIFFERENT;
        at = writeValue(at, run + zerosBefore, extend(extra, size));
        zerosBefore = 0;
        a <<= size;
        b -= size;
        c <<= size;
        d -= size;
      }
      store<u8>(at, END_OF_BLOCK);
      at++;
      if (!isInPicture(block, column, row)) at = blockStart;
    }
    if (b < load<i32>(one + ZEROS) || d < load<i32>(two + ZEROS)) return DIFFERENT;
    store<u32>(one + POSITION, <u32>p);
    store<u64>(one + ACCUMULATOR, a);
    store<i32>(one + BITS, b);
    store<u32>(two + POSITION, <u32>q);
    store<u64>(two + ACCUMULATOR, c);
    store<i32>(two + BITS, d);
    store<u32>(ends + ((<usize>column) << 2), <u32>(at - out));
  }
  return OK;
}
