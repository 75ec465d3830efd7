/**
 * AssemblyScript: entropy-coded bytes without stuffed zeros and markers, back to front, so that one load of eight bytes
 * gives the next 57 bits anywhere.
 */

/** At least the next 57 bits from `bit` on, counted from the scan's beginning, which lies just below `top`. */
export function windowAt(top: usize, bit: u32): u64 {
  return load<u64>(top - 8 - (bit >> 3)) << (bit & 7);
}

/**
 * Writes the bytes from `from` to the marker that ends the scan below `top`. At `starts`: where each interval between
 * restart markers begins, in bytes; then where the last one ends; then the ending marker's address.
 * @param most Intervals
 * @returns the intervals; 0: there are more, their markers are out of turn, there are fill bytes, or no end
 */
export function cleanScan(from: usize, stop: usize, top: usize, starts: usize, most: u32): u32 {
  let at = from;
  let to = top;
  let count: u32 = 1;
  store<u32>(starts, 0);
  while (at + 16 <= stop) {
    const bytes = v128.load(at);
    v128.store(to - 16, i8x16.shuffle(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    const mask = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(-1)));
    if (mask === 0) {
      at += 16;
      to -= 16;
      continue;
    }
    const before = <usize>ctz(mask);
    at += before;
    to -= before;
    if (at + 1 >= stop) return 0;
    const marker = load<u8>(at + 1);
    if (marker === 0) {
      to--;
      at += 2;
    } else if (marker >= 0xd0 && marker <= 0xd7) {
      if (count === most || marker !== 0xd0 + ((count - 1) & 7)) return 0;
      store<u32>(starts + ((<usize>count) << 2), <u32>(top - to));
      count++;
      at += 2;
    } else if (marker === 0xff) return 0;
    else return ended(starts, count, <u32>(top - to), at);
  }
  for (; at + 1 < stop; at++) {
    const byte = load<u8>(at);
    if (byte === 0xff) {
      const marker = load<u8>(at + 1);
      if (marker !== 0) return marker === 0xff ? 0 : ended(starts, count, <u32>(top - to), at);
      at++;
    }
    store<u8>(--to, byte);
  }
  return 0;
}

function ended(starts: usize, count: u32, bytes: u32, marker: usize): u32 {
  store<u32>(starts + ((<usize>count) << 2), bytes);
  store<u32>(starts + ((<usize>count) << 2) + 4, <u32>marker);
  return count;
}
