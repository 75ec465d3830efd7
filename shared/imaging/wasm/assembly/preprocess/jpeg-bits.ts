/** AssemblyScript: the bits of a JPEG's entropy-coded data (T.81, F.2.2), and its Huffman codes. */

import { HUFFMAN, HUFFMAN_BYTES } from "./memory-map";
import { BAD_INPUT, fail } from "./wasi";

/** In a table: 1,024 × u16 by the next ten bits (length << 8 | symbol, 0 for longer codes), then what those need. */
const FAST_BITS: i32 = 10;
/** By length, 17 × i32: the first code behind those of that length, on 16 bits. */
const BEHIND: usize = 0x800;
/** By length, 17 × i32: what to add to a code of that length to have its symbol's place. */
const OFFSET: usize = 0x844;
const SYMBOLS: usize = 0x900;

let next: usize = 0;
let end: usize = 0;
/** The last `count` bits are still to be read. */
let bits: u64 = 0;
let count: i32 = 0;
/** Bits of `bits` that stand for data that is not there. */
let missing: i32 = 0;

/** Reads from `from` on; the data end at `to` or at a marker. */
export function startBits(from: usize, to: usize): void {
  next = from;
  end = to;
  bits = 0;
  count = 0;
  missing = 0;
}

/** Where the marker is that has ended the data, or the data's end. */
export function bitsEnd(): usize {
  return next;
}

/** True when more has been read than there was. */
export function ranOut(): bool {
  return missing > count;
}

/** At least 48 bits. */
function fill(): void {
  while (count <= 48) {
    let byte: u64 = 0;
    if (next >= end) missing += 8;
    else {
      byte = load<u8>(next);
      if (byte !== 0xff) next++;
      else if (next + 1 < end && load<u8>(next, 1) === 0) next += 2;
      else {
        byte = 0;
        missing += 8;
      }
    }
    bits = (bits << 8) | byte;
    count += 8;
  }
}

/** `length` up to 16, right after a symbol. */
export function takeBits(length: i32): i32 {
  count -= length;
  return <i32>(bits >> count) & ((1 << length) - 1);
}

/** One bit, wherever. */
export function takeBit(): i32 {
  if (count < 1) fill();
  return takeBits(1);
}

/** A value of `length` bits as T.81 codes them (F.2.2.1, EXTEND), right after a symbol. */
export function takeValue(length: i32): i32 {
  if (length === 0) return 0;
  const value = takeBits(length);
  return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
}

/** Passes over `length` bits, right after a symbol. */
export function passBits(length: i32): void {
  count -= length;
}

/** The next symbol of a table; then 32 bits more are at hand. */
export function takeSymbol(table: usize): i32 {
  fill();
  const entry: i32 = load<u16>(table + ((<usize>(bits >> (count - FAST_BITS)) & 1023) << 1));
  if (entry !== 0) {
    count -= entry >> 8;
    return entry & 255;
  }
  const code = <i32>(bits >> (count - 16)) & 0xffff;
  for (let length: i32 = FAST_BITS + 1; length <= 16; length++) {
    if (code >= load<i32>(table + BEHIND + ((<usize>length) << 2))) continue;
    count -= length;
    const place = (code >> (16 - length)) + load<i32>(table + OFFSET + ((<usize>length) << 2));
    return load<u8>(table + SYMBOLS + (<usize>place & 255));
  }
  fail(BAD_INPUT, "the JPEG's data are damaged");
  return 0;
}

export function huffmanTable(slot: usize): usize {
  return HUFFMAN + slot * HUFFMAN_BYTES;
}

/** Builds a table from its form in DHT, at `from`: 16 counts, then `total` symbols. */
export function buildHuffman(table: usize, from: usize, total: usize): void {
  memory.fill(table, 0, HUFFMAN_BYTES);
  memory.copy(table + SYMBOLS, from + 16, total);
  let code: i32 = 0;
  let symbol: i32 = 0;
  for (let length: i32 = 1; length <= 16; length++) {
    const codes: i32 = load<u8>(from + <usize>length - 1);
    store<i32>(table + OFFSET + ((<usize>length) << 2), symbol - code);
    for (let i: i32 = 0; i < codes; i++, code++, symbol++) {
      if (length > FAST_BITS) continue;
      const entry = <u16>((length << 8) | load<u8>(table + SYMBOLS + <usize>symbol));
      const first = (<usize>code) << (FAST_BITS - length);
      const behind = (<usize>(code + 1)) << (FAST_BITS - length);
      if (behind > 1024) fail(BAD_INPUT, "a Huffman table of the JPEG is damaged");
      for (let at = first; at < behind; at++) store<u16>(table + (at << 1), entry);
    }
    if (code > 1 << length) fail(BAD_INPUT, "a Huffman table of the JPEG is damaged");
    store<i32>(table + BEHIND + ((<usize>length) << 2), code << (16 - length));
    code <<= 1;
  }
}
