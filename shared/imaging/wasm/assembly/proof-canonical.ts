/**
 * AssemblyScript: the canonical form of blocks, in which the proof compares and digests them. A block: the DC value, 16
 * bits; each AC value that is not 0 as the number of zeros before it and itself, one byte each, or, beyond -128 to 127,
 * the zeros | 64 and two bytes; 0xff. Little-endian.
 */

export const END_OF_BLOCK: u8 = 0xff;
const WIDE: u32 = 0x40;

export function writeValue(at: usize, zerosBefore: u32, value: i32): usize {
  if (value >= -128 && value <= 127) {
    store<u16>(at, <u16>(zerosBefore | ((value & 255) << 8)));
    return at + 2;
  }
  store<u8>(at, <u8>(zerosBefore | WIDE));
  store<i16>(at, <i16>value, 1);
  return at + 3;
}

/** Blocks that only fill up the last MCUs do not. */
export function isInPicture(block: usize, column: u32, row: u32): bool {
  return (
    column * load<u8>(block, 5) + load<u8>(block, 3) < load<u32>(block, 8) &&
    row * load<u8>(block, 6) + load<u8>(block, 4) < load<u32>(block, 12)
  );
}

/** How many bytes from the start are the same in both. */
export function sameBytes(a: usize, b: usize, length: usize): usize {
  let at: usize = 0;
  for (; at + 16 <= length; at += 16)
    if (i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at))) !== 0xffff) break;
  while (at < length && load<u8>(a + at) === load<u8>(b + at)) at++;
  return at;
}

/** Compares two rows of MCUs as `readRow` has written them; sets a byte at `differs` for each that is not the same, and
 *  answers their number. */
export function compareRows(
  a: usize,
  endsA: usize,
  b: usize,
  endsB: usize,
  columns: u32,
  differs: usize,
): u32 {
  const length = load<u32>(endsA + ((<usize>(columns - 1)) << 2));
  memory.fill(differs, 0, columns);
  if (length === load<u32>(endsB + ((<usize>(columns - 1)) << 2)) && sameBytes(a, b, length) === length)
    return 0;
  let count: u32 = 0;
  let fromA: u32 = 0;
  let fromB: u32 = 0;
  for (let column: usize = 0; column < columns; column++) {
    const toA = load<u32>(endsA + (column << 2));
    const toB = load<u32>(endsB + (column << 2));
    const own = toA - fromA;
    if (own !== toB - fromB || sameBytes(a + fromA, b + fromB, own) !== own) {
      store<u8>(differs + column, 1);
      count++;
    }
    fromA = toA;
    fromB = toB;
  }
  return count;
}
