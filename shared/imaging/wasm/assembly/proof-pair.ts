/**
 * AssemblyScript: two files read as one. Outside the mark, a marked JPEG's entropy-coded bits are those of its original,
 * but for their place, and for the few codes that a changed Huffman table moves. So only the first is read; of the other,
 * the bits are compared, which takes a tenth of the time that reading does. Where an MCU is left out, or DC values are counted from
 * others, both are read. At anything else this gives up, and the files are read one by one.
 */

import { BLOCK, BLOCK_BYTES, BLOCKS, COLUMNS, extend, INTERVAL, PREDICTORS, TABLES } from "./proof-bits";
import { END_OF_BLOCK, isInPicture, sameBytes, writeValue } from "./proof-canonical";
import { cleanScan, windowAt } from "./proof-clean";
import { DC_PAIR_BITS, ENDS, makeAcPair, makeDcPair, PAIR_BITS } from "./proof-pair-tables";
import { SLOT_BYTES, symbolAt } from "./proof-tables";

/** Not the same, or not to be read so. */
const DIFFERENT: u32 = 0xffffffff;

/** A file's scan without stuffed zeros: where its bytes end, going down; and where its intervals begin, in bytes. */
let topOne: usize = 0;
let topTwo: usize = 0;
let startsOne: usize = 0;
let startsTwo: usize = 0;
let intervals: u32 = 0;
/** The interval that is read, the MCUs left in it, and its last bit in each file. */
let interval: u32 = 0;
let left: u32 = 0;
let lastOne: u32 = 0;
let lastTwo: u32 = 0;
/** Bits up to which the files are known to say the same. */
let sameOne: u32 = 0;
let sameTwo: u32 = 0;
/** What a function has read up to, and written. */
let bit: u32 = 0;
let written: usize = 0;
let coefficient: u32 = 0;
let isEqual: bool = false;

/**
 * Takes both scans, which begin at these addresses, without stuffed zeros. `topX`: behind as many bytes as the scan has,
 * and 64; `startsX`: four bytes for each interval and two more. False: they cannot be read as one.
 */
export function beginPair(
  one: usize,
  two: usize,
  fromOne: usize,
  stopOne: usize,
  atTopOne: usize,
  atStartsOne: usize,
  fromTwo: usize,
  stopTwo: usize,
  atTopTwo: usize,
  atStartsTwo: usize,
  most: u32,
): bool {
  if (load<u32>(one + INTERVAL) !== load<u32>(two + INTERVAL)) return false;
  topOne = atTopOne;
  topTwo = atTopTwo;
  startsOne = atStartsOne;
  startsTwo = atStartsTwo;
  intervals = cleanScan(fromOne, stopOne, topOne, startsOne, most);
  if (intervals === 0 || cleanScan(fromTwo, stopTwo, topTwo, startsTwo, most) !== intervals) return false;
  enter(one, two, 0);
  return true;
}

function enter(one: usize, two: usize, number: u32): void {
  interval = number;
  left = load<u32>(one + INTERVAL);
  sameOne = load<u32>(startsOne + ((<usize>number) << 2)) << 3;
  sameTwo = load<u32>(startsTwo + ((<usize>number) << 2)) << 3;
  lastOne = load<u32>(startsOne + ((<usize>number + 1) << 2)) << 3;
  lastTwo = load<u32>(startsTwo + ((<usize>number + 1) << 2)) << 3;
  memory.fill(one + PREDICTORS, 0, 16);
  memory.fill(two + PREDICTORS, 0, 16);
}

/** Whether the interval has been read to its end: fewer than eight bits are left. */
function isAtEnd(): bool {
  return sameOne <= lastOne && lastOne - sameOne < 8 && sameTwo <= lastTwo && lastTwo - sameTwo < 8;
}

/** To be asked behind the last row. */
export function endsPair(): bool {
  return interval + 1 === intervals && isAtEnd();
}

/** Compares the bits up to `to` of the first file with the other's. */
function agreesUntil(to: u32): bool {
  const own = sameTwo + (to - sameOne);
  if (to > lastOne || own > lastTwo) return false;
  let at = sameOne;
  let other = sameTwo;
  for (; at + 56 <= to; at += 56, other += 56)
    if ((windowAt(topOne, at) ^ windowAt(topTwo, other)) >> 8 !== 0) return false;
  const rest: u64 = to - at;
  if (rest > 0 && (windowAt(topOne, at) ^ windowAt(topTwo, other)) >> (64 - rest) !== 0) return false;
  sameOne = to;
  sameTwo = own;
  return true;
}

function tableOf(stream: usize, block: usize, which: usize): usize {
  return stream + TABLES + <usize>load<u8>(block + which) * SLOT_BYTES;
}

/** Makes a table of what block `number` of an MCU has in common in both: its DC codes, or its AC codes. */
export function makePairTable(one: usize, two: usize, number: u32, isDc: bool, table: usize): void {
  const offset = BLOCK + <usize>number * BLOCK_BYTES;
  if (isDc) makeDcPair(tableOf(one, one + offset, 1), tableOf(two, two + offset, 1), table);
  else makeAcPair(tableOf(one, one + offset, 2), tableOf(two, two + offset, 2), table);
}

/** The next symbol of both files, which must be the same; `bit` goes behind the first one's code. -1: it is not. */
function symbolOfBoth(slotOne: usize, slotTwo: usize): i32 {
  const entry = symbolAt(slotOne, windowAt(topOne, bit));
  if (entry === 0 || !agreesUntil(bit)) return -1;
  const other = symbolAt(slotTwo, windowAt(topTwo, sameTwo));
  if (other >> 8 !== entry >> 8 || other === 0) return -1;
  bit += entry & 255;
  sameOne = bit;
  sameTwo += other & 255;
  return entry >> 8;
}

/**
 * Reads at `bit` what the pair's table leaves out: codes that are longer, are none, or have moved; runs of zeros; and a
 * block's last coefficients. Afterwards `coefficient` is beyond 64 where the block has ended.
 */
function readOdd(slotOne: usize, slotTwo: usize, from: u32, out: usize): bool {
  let k = from;
  let at = out;
  let zerosBefore: u32 = 0;
  do {
    const symbol = symbolOfBoth(slotOne, slotTwo);
    if (symbol < 0) return false;
    const run = <u32>symbol >> 4;
    const size = <u32>symbol & 15;
    if (size !== 0) {
      k += run + 1;
      if (k > 64 || size > 10) return false;
      const value = extend(<u32>(windowAt(topOne, bit) >> (64 - size)), size);
      at = writeValue(at, run + zerosBefore, value);
      zerosBefore = 0;
      bit += size;
    } else if (run === 0) {
      store<u8>(at++, END_OF_BLOCK);
      zerosBefore = 0;
      k = ENDS;
    } else {
      k += 16;
      if (run !== 15 || k > 63) return false;
      zerosBefore += 16;
    }
  } while (zerosBefore !== 0);
  coefficient = k;
  written = at;
  return true;
}

/** Reads one MCU of one file at `bit`, and writes it at `written`. */
function readMcu(stream: usize, top: usize, row: u32, column: u32): bool {
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  let at = written;
  for (let block = stream + BLOCK; block < lastBlock; block += BLOCK_BYTES) {
    const start = at;
    const category = symbolAt(tableOf(stream, block, 1), windowAt(top, bit));
    if (category === 0) return false;
    bit += category & 255;
    const predictor = stream + PREDICTORS + ((<usize>load<u8>(block)) << 2);
    let value = load<i32>(predictor);
    const size = category >> 8;
    if (size !== 0) value += extend(<u32>(windowAt(top, bit) >> (64 - size)), size);
    bit += size;
    if (value < -32768 || value > 32767) return false;
    store<i32>(predictor, value);
    store<i16>(at, <i16>value);
    at = readCoefficients(tableOf(stream, block, 2), top, at + 2);
    if (at === 0) return false;
    if (!isInPicture(block, column, row)) at = start;
  }
  written = at;
  return true;
}

/** A block's AC coefficients at `bit`; answers where what is written ends, or 0. */
function readCoefficients(slot: usize, top: usize, out: usize): usize {
  let at = out;
  let zerosBefore: u32 = 0;
  for (let k: u32 = 1; k < 64; ) {
    const window = windowAt(top, bit);
    const entry = symbolAt(slot, window);
    if (entry === 0) return 0;
    const length = entry & 255;
    const run = entry >> 12;
    const size = (entry >> 8) & 15;
    bit += length + size;
    if (size === 0) {
      if (run === 0) break;
      k += 16;
      if (run !== 15 || k > 63) return 0;
      zerosBefore += 16;
      continue;
    }
    k += run + 1;
    if (k > 64 || size > 10) return 0;
    at = writeValue(at, run + zerosBefore, extend(<u32>((window << length) >> (64 - size)), size));
    zerosBefore = 0;
  }
  store<u8>(at, END_OF_BLOCK);
  return at + 1;
}

/** Reads an MCU of each file from where they are known to be the same, the second one's to `scratch`. */
function readBoth(one: usize, two: usize, row: u32, column: u32, out: usize, scratch: usize): bool {
  bit = sameTwo;
  written = scratch;
  if (!readMcu(two, topTwo, row, column)) return false;
  sameTwo = bit;
  const length = written - scratch;
  bit = sameOne;
  written = out;
  if (!readMcu(one, topOne, row, column)) return false;
  sameOne = bit;
  isEqual = written - out === length && sameBytes(out, scratch, length) === length;
  return sameOne <= lastOne && sameTwo <= lastTwo;
}

/**
 * Reads one row of MCUs of both files and writes it once, as `readRow` does. MCUs whose byte at `skipped` is not 0 are
 * read in each file and neither compared nor written.
 * @param plan For each block of an MCU, the addresses of its DC and its AC table for both files; see proof-pair-tables.
 * @param scratch Room for an MCU.
 * @returns the bytes written, or `DIFFERENT`
 */
export function readRowOfBoth(
  one: usize,
  two: usize,
  row: u32,
  isLast: bool,
  skipped: usize,
  plan: usize,
  scratch: usize,
  out: usize,
): u32 {
  const columns = load<u32>(one + COLUMNS);
  const blockBytes = <usize>load<u32>(one + BLOCKS) * BLOCK_BYTES;
  const hasIntervals = load<u32>(one + INTERVAL) !== 0;
  let at = out;
  // The place in the first file: `a` begins with its next bits, of which `b` have been counted; `p`: where more are.
  let p: usize = 0;
  let a: u64 = 0;
  let b: u64 = 0;
  let isOpen = false;
  for (let column: u32 = 0; column < columns; column++) {
    const isSkipped = load<u8>(skipped + column) !== 0;
    const isNext = hasIntervals && left === 0;
    // Is counted from other values: right behind an MCU that was left out.
    const isApart = !isOpen && memory.compare(one + PREDICTORS, two + PREDICTORS, 16) !== 0;
    if (isOpen && (isSkipped || isNext)) {
      if (!agreesUntil(((<u32>(topOne - 8 - p)) << 3) - <u32>b)) return DIFFERENT;
      isOpen = false;
    }
    if (isNext) {
      if (!isAtEnd() || interval + 1 === intervals) return DIFFERENT;
      enter(one, two, interval + 1);
    }
    if (hasIntervals) left--;
    if (isSkipped || (isApart && !isNext)) {
      if (!readBoth(one, two, row, column, at, scratch)) return DIFFERENT;
      if (isSkipped) continue;
      if (!isEqual) return DIFFERENT;
      at = written;
      continue;
    }
    if (!isOpen) {
      isOpen = true;
      p = topOne - 8 - (sameOne >> 3);
      a = load<u64>(p) << (sameOne & 7);
      b = 56 - (sameOne & 7);
      p -= 7;
    }
    const isWhole = !isLast && column + 1 < columns;
    let tables = plan;
    for (let offset: usize = 0; offset < blockBytes; offset += BLOCK_BYTES, tables += 8) {
      const block = one + BLOCK + offset;
      const start = at;
      a |= load<u64>(p) >> b;
      p -= <usize>((63 - b) >> 3);
      b |= 56;
      const entry = load<u32>(load<u32>(tables) + ((<usize>(a >> (64 - DC_PAIR_BITS))) << 2));
      let value = <i32>entry >> 16;
      let size = (entry >> 8) & 255;
      if (entry === 0) {
        bit = ((<u32>(topOne - 8 - p)) << 3) - <u32>b;
        const symbol = symbolOfBoth(tableOf(one, block, 1), tableOf(two, two + BLOCK + offset, 1));
        if (symbol < 0) return DIFFERENT;
        size = symbol;
        p = topOne - 8 - (bit >> 3);
        a = load<u64>(p) << (bit & 7);
        b = 56 - (bit & 7);
        p -= 7;
      } else {
        a <<= entry & 255;
        b -= entry & 255;
      }
      if (size !== 0) {
        value = extend(<u32>(a >> (64 - size)), size);
        a <<= size;
        b -= size;
      }
      const predictor = one + PREDICTORS + ((<usize>load<u8>(block)) << 2);
      value += load<i32>(predictor);
      if (value < -32768 || value > 32767) return DIFFERENT;
      store<i32>(predictor, value);
      store<i16>(at, <i16>value);
      at += 2;
      const table = <usize>load<u32>(tables, 4);
      let k: u32 = 1;
      do {
        a |= load<u64>(p) >> b;
        p -= <usize>((63 - b) >> 3);
        b |= 56;
        const entry = load<u64>(table + ((<usize>(a >> (64 - PAIR_BITS))) << 3));
        const next = k + (<u32>(entry >> 51) & 0x1ff);
        if ((next & 255) > 64) {
          bit = ((<u32>(topOne - 8 - p)) << 3) - <u32>b;
          if (!readOdd(tableOf(one, block, 2), tableOf(two, two + BLOCK + offset, 2), k, at))
            return DIFFERENT;
          k = coefficient;
          at = written;
          p = topOne - 8 - (bit >> 3);
          a = load<u64>(p) << (bit & 7);
          b = 56 - (bit & 7);
          p -= 7;
          continue;
        }
        store<u64>(at, entry);
        at += <usize>(entry >> 48) & 7;
        a <<= entry >> 60;
        b -= entry >> 60;
        k = next;
      } while (k < 64);
      if (k === 64) store<u8>(at++, END_OF_BLOCK);
      if (!isWhole && !isInPicture(block, column, row)) at = start;
    }
    if (((<u32>(topOne - 8 - p)) << 3) - <u32>b > lastOne) return DIFFERENT;
    memory.copy(two + PREDICTORS, one + PREDICTORS, 16);
  }
  if (isOpen && !agreesUntil(((<u32>(topOne - 8 - p)) << 3) - <u32>b)) return DIFFERENT;
  return <u32>(at - out);
}
