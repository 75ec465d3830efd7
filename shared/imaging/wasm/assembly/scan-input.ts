/**
 * AssemblyScript: the scan as it lies in memory, without its stuffed zeros and back to front: byte i at `top` - i. So
 * one little-endian load gives the next 57 bits and more in the order in which they are coded, from any bit, without a
 * branch. A block reads at most 64 symbols of 31 bits: what lies beyond the data's end is memory of ours, too, and the
 * MCU's end notices.
 */

import { INPUT } from "./memory-map";

/** Address of the clean scan's first byte. */
export let top: usize = 0;
let cleanLength: u32 = 0;
let marker: u32 = 0;

export function openInput(firstByte: usize): void {
  top = firstByte;
  cleanLength = 0;
  marker = 0;
}

/** The bits from bit `p` on, left-aligned: 57 at least. */
export function bitsAt(p: u32): u64 {
  return load<u64>(top - 7 - (p >> 3)) << (p & 7);
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
