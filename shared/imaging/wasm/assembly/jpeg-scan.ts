/**
 * AssemblyScript, not TypeScript: the entropy-coded data of a sequential Huffman JPEG, walked, decoded and written
 * (ITU-T T.81, F.2 and F.1). Compiled by `npm run build:wasm`, driven by ../jpeg-kernel.ts. No allocation, no imports:
 * all that is read or written lies at the places of memory-map.ts.
 *
 * The scan lies in memory without its stuffed zeros and back to front: byte i at `top` - i. So one little-endian load
 * gives the next 57 bits and more in the order in which they are coded, from any bit, without a branch. A block reads
 * at most 64 symbols of 31 bits: what lies beyond the data's end is memory of ours, too, and the MCU's end notices.
 */

import {
  BAD_CODE,
  BLOCKS,
  CHANGED_FROM,
  CODES,
  COEFFICIENTS,
  DATA_END,
  END_OF_BLOCK,
  FAST_AC,
  FAST_DC,
  FULL,
  INPUT,
  NO_CODE,
  OK,
  OUT_PREDICTORS,
  OUTPUT,
  OUTPUT_BYTES,
  OUTPUT_FULL,
  PREDICTORS,
  ZIGZAG,
} from "./memory-map";

export { blend } from "./blend";
export { buildCodes, buildTable } from "./huffman-tables";

let top: usize = 0;
let blocks: u32 = 0;
/** Where the walk is, and where its data end, in bits from TOP. */
let position: u32 = 0;
let limit: u32 = 0;
let cleanLength: u32 = 0;
let marker: u32 = 0;
let held: u64 = 0;
let heldBits: u32 = 0;
let written: usize = 0;
/** Bits before it are in the output. */
let copied: u32 = 0;
/** Codes change on the way, so all that is walked over must be written. */
let rewriting: bool = false;
let remaining: u32 = 0;

/** Pending bits above which it is time to copy them. */
const PENDING_BITS: u32 = 4096;
/** More than any one MCU and what is pending can take. */
const ROOM: usize = 0x4000;

/** `firstByte`: address of the clean scan's first byte. */
export function begin(firstByte: usize, blockCount: u32, rewrites: bool): void {
  rewriting = rewrites;
  top = firstByte;
  blocks = blockCount;
  cleanLength = 0;
  marker = 0;
  // A picture that was given up may have left some.
  written = 0;
  heldBits = 0;
}

/**
 * Takes bytes [start, end) of INPUT into the clean scan. Answers where it has stopped: at the end; at a last 0xff; or at
 * a marker, whose number `markerFound` then answers.
 */
export function unstuff(start: u32, stop: u32): u32 {
  let from = INPUT + start;
  const end = INPUT + stop;
  let to = top - cleanLength;
  const ff = i8x16.splat(-1);
  marker = 0;
  while (from < end) {
    if (from + 16 <= end) {
      const bytes = v128.load(from);
      v128.store(to - 15, i8x16.shuffle(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
      const found = i8x16.bitmask(i8x16.eq(bytes, ff));
      if (found === 0) {
        from += 16;
        to -= 16;
        continue;
      }
      const before = ctz(found);
      from += before;
      to -= before;
    } else if (load<u8>(from) !== 0xff) {
      store<u8>(to--, load<u8>(from++));
      continue;
    }
    if (from + 1 >= end) break;
    const second = load<u8>(from + 1);
    if (second !== 0) {
      marker = second;
      break;
    }
    store<u8>(to--, 0xff);
    from += 2;
  }
  cleanLength = <u32>(top - to);
  return <u32>(from - INPUT);
}

export function cleanBytes(): u32 {
  return cleanLength;
}

export function markerFound(): u32 {
  return marker;
}

/** Starts an interval whose clean bytes are [from, to): predictors 0 (T.81, F.2.1.3.1). */
export function startInterval(from: u32, to: u32): void {
  position = from << 3;
  limit = to << 3;
  memory.fill(PREDICTORS, 0, 64);
}

export function bitPosition(): u32 {
  return position;
}

function extend(bits: u32, size: u32): i32 {
  return bits < 1 << (size - 1) ? <i32>bits - (1 << size) + 1 : <i32>bits;
}

/**
 * Walks over MCUs; only DC values are kept. Where codes change, what is walked over is written: OUTPUT_FULL asks for
 * `drain` and for the `remainingMcus`.
 */
export function skip(count: u32): i32 {
  let p = position;
  const last = top - 7;
  const blockEnd = BLOCKS + ((<usize>blocks) << 2);
  for (; count > 0; count--) {
    if (rewriting && (p - copied >= PENDING_BITS || written > OUTPUT_BYTES - ROOM)) {
      copyUntil(p);
      if (written > OUTPUT_BYTES - ROOM) {
        position = p;
        remaining = count;
        return OUTPUT_FULL;
      }
    }
    for (let block = BLOCKS; block < blockEnd; block += 4) {
      const dc: usize = load<u8>(block, 1);
      const ac: usize = load<u8>(block, 2);
      let buffer = load<u64>(last - (p >> 3)) << (p & 7);
      let entry: u32 = load<u16>(FAST_DC + (dc << 11) + ((<usize>(buffer >> 54)) << 1));
      if (entry === 0) {
        entry = load<u16>(FULL + (dc << 17) + ((<usize>(buffer >> 48)) << 1));
        if (entry === 0) return BAD_CODE;
      }
      const length = entry >> 8;
      const size = entry & 15;
      if (size !== 0) {
        const predictor = PREDICTORS + ((<usize>load<u8>(block)) << 2);
        const bits = <u32>((buffer << length) >> (64 - size));
        store<i32>(predictor, load<i32>(predictor) + extend(bits, size));
      }
      p += length + size;
      const fast = FAST_AC + (ac << 14);
      let k: u32 = 1;
      for (;;) {
        buffer = load<u64>(last - (p >> 3)) << (p & 7);
        let step: u32 = load<u16>(fast + ((<usize>(buffer >> 51)) << 1));
        let next = k + (step >> 5);
        if (next <= 63) {
          p += step & 31;
          buffer <<= step & 31;
          k = next;
          step = load<u16>(fast + ((<usize>(buffer >> 51)) << 1));
          next = k + (step >> 5);
          if (next <= 63) {
            p += step & 31;
            k = next;
            continue;
          }
        }
        if (next - END_OF_BLOCK <= 63) {
          p += step & 31;
          break;
        }
        buffer = load<u64>(last - (p >> 3)) << (p & 7);
        const window = <u32>(buffer >> 48);
        const single: u32 = load<u16>(FULL + ((ac + 4) << 17) + ((<usize>window) << 1));
        const coefficient = single & 15;
        const run = (single >> 4) & 15;
        if (single === 0 || coefficient > 10) return BAD_CODE;
        if (window >= load<u32>(CHANGED_FROM + (ac << 2))) {
          copyUntil(p);
          const code = load<u32>(CODES + ((ac + 4) << 10) + ((<usize>(single & 255)) << 2));
          put(code & 0xffff, code >> 16);
          copied = p + (single >> 8);
        }
        p += (single >> 8) + coefficient;
        if (coefficient === 0) {
          if (run === 0) break;
          k += 16;
          if (run < 15 || k > 63) return BAD_CODE;
        } else {
          k += run + 1;
          if (k > 64) return BAD_CODE;
          if (k === 64) break;
        }
      }
    }
    if (p > limit) return DATA_END;
  }
  position = p;
  return OK;
}

export function remainingMcus(): u32 {
  return remaining;
}

/** Decodes the next MCU into COEFFICIENTS. */
export function decodeMcu(): i32 {
  let p = position;
  const last = top - 7;
  memory.fill(COEFFICIENTS, 0, (<usize>blocks) << 7);
  for (let i: u32 = 0; i < blocks; i++) {
    const block = BLOCKS + ((<usize>i) << 2);
    const into = COEFFICIENTS + ((<usize>i) << 7);
    const dcTable = FULL + ((<usize>load<u8>(block, 1)) << 17);
    const acTable = FULL + ((<usize>(load<u8>(block, 2) + 4)) << 17);
    let buffer = load<u64>(last - (p >> 3)) << (p & 7);
    let entry: u32 = load<u16>(dcTable + ((<usize>(buffer >> 48)) << 1));
    if (entry === 0) return BAD_CODE;
    let length = entry >> 8;
    let size = entry & 15;
    const predictor = PREDICTORS + ((<usize>load<u8>(block)) << 2);
    let dc = load<i32>(predictor);
    if (size !== 0) dc += extend(<u32>((buffer << length) >> (64 - size)), size);
    store<i32>(predictor, dc);
    if (dc < -32768 || dc > 32767) return BAD_CODE;
    store<i16>(into, <i16>dc);
    p += length + size;
    for (let k: u32 = 1; k < 64; k++) {
      buffer = load<u64>(last - (p >> 3)) << (p & 7);
      entry = load<u16>(acTable + ((<usize>(buffer >> 48)) << 1));
      if (entry === 0) return BAD_CODE;
      length = entry >> 8;
      size = entry & 15;
      const run = (entry >> 4) & 15;
      p += length + size;
      if (size === 0) {
        if (run === 0) break;
        k += 15;
        if (run < 15 || k > 62) return BAD_CODE;
        continue;
      }
      k += run;
      if (k > 63 || size > 10) return BAD_CODE;
      const value = extend(<u32>((buffer << length) >> (64 - size)), size);
      store<i16>(into + ((<usize>load<u8>(ZIGZAG + k)) << 1), <i16>value);
    }
  }
  if (p > limit) return DATA_END;
  position = p;
  return OK;
}

/** Gives the writer a fresh OUTPUT; what it holds back of a byte stays. */
export function drain(): void {
  written = 0;
}

export function outputBytes(): u32 {
  return <u32>written;
}

/** Starts an interval's output at the current position; bits of its byte that lie before it are copied. */
export function startOutput(): void {
  copied = position;
  heldBits = position & 7;
  held = heldBits === 0 ? 0 : <u64>load<u8>(top - (position >> 3)) >> (8 - heldBits);
}

/** What is written next counts from what was walked last. */
export function startRun(): void {
  memory.copy(OUT_PREDICTORS, PREDICTORS, 16);
}

function writeByte(byte: u32): void {
  store<u8>(OUTPUT + written, <u8>byte);
  written++;
  if (byte === 0xff) {
    store<u8>(OUTPUT + written, 0);
    written++;
  }
}

/** `count` up to 32; bits above them are 0. */
function put(bits: u32, count: u32): void {
  held = (held << count) | bits;
  heldBits += count;
  if (heldBits < 32) return;
  heldBits -= 32;
  const word = <u32>(held >> heldBits);
  const inverse = ~word;
  if (((inverse - 0x01010101) & ~inverse & 0x80808080) === 0) {
    store<u32>(OUTPUT + written, bswap(word));
    written += 4;
    return;
  }
  writeByte(word >> 24);
  writeByte((word >> 16) & 255);
  writeByte((word >> 8) & 255);
  writeByte(word & 255);
}

function copyUntil(to: u32): void {
  const last = top - 7;
  let from = copied;
  while (from < to && written + 16 <= OUTPUT_BYTES) {
    const count = min<u32>(32, to - from);
    const buffer = load<u64>(last - (from >> 3)) << (from & 7);
    put(<u32>(buffer >> (64 - count)), count);
    from += count;
  }
  copied = from;
}

/** Copies what has been walked over, as far as OUTPUT has room. True: all of it. */
export function catchUp(): bool {
  copyUntil(position);
  return copied === position;
}

/** Ends an interval's output: its last byte is filled up with ones. */
export function finishOutput(): void {
  while (heldBits >= 8) {
    heldBits -= 8;
    writeByte(<u32>(held >> heldBits) & 255);
  }
  if (heldBits > 0) writeByte((((<u32>held) << (8 - heldBits)) & 255) | (0xff >> heldBits));
  heldBits = 0;
}

function sizeOf(value: i32): u32 {
  return 32 - <u32>clz(value < 0 ? -value : value);
}

function magnitudeBits(value: i32, size: u32): u32 {
  return <u32>(value < 0 ? value - 1 : value) & ((1 << size) - 1);
}

/** Writes COEFFICIENTS as the next MCU. Needs 5 KiB of OUTPUT. */
export function encodeMcu(): i32 {
  for (let i: u32 = 0; i < blocks; i++) {
    const block = BLOCKS + ((<usize>i) << 2);
    const from = COEFFICIENTS + ((<usize>i) << 7);
    const dcCodes = CODES + ((<usize>load<u8>(block, 1)) << 10);
    const acCodes = CODES + ((<usize>(load<u8>(block, 2) + 4)) << 10);
    const predictor = OUT_PREDICTORS + ((<usize>load<u8>(block)) << 2);
    const dc: i32 = load<i16>(from);
    const difference = dc - load<i32>(predictor);
    store<i32>(predictor, dc);
    const dcSize = sizeOf(difference);
    if (dcSize > 11) return NO_CODE;
    let code = load<u32>(dcCodes + ((<usize>dcSize) << 2));
    if (code === 0) return NO_CODE;
    put(code & 0xffff, code >> 16);
    put(magnitudeBits(difference, dcSize), dcSize);
    let run: u32 = 0;
    for (let k: usize = 1; k < 64; k++) {
      const value: i32 = load<i16>(from + ((<usize>load<u8>(ZIGZAG + k)) << 1));
      if (value === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) {
        code = load<u32>(acCodes, 0xf0 << 2);
        if (code === 0) return NO_CODE;
        put(code & 0xffff, code >> 16);
      }
      const size = sizeOf(value);
      if (size > 10) return NO_CODE;
      code = load<u32>(acCodes + ((<usize>((run << 4) | size)) << 2));
      if (code === 0) return NO_CODE;
      put(code & 0xffff, code >> 16);
      put(magnitudeBits(value, size), size);
      run = 0;
    }
    if (run > 0) {
      code = load<u32>(acCodes);
      if (code === 0) return NO_CODE;
      put(code & 0xffff, code >> 16);
    }
  }
  copied = position;
  return OK;
}
