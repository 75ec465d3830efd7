/** AssemblyScript: blocks whose coefficients are stored, 64 of 16 bits in zigzag order. */

/** Address of a scan block's coefficients in the MCU at `column` and `row`. */
export function coefficientsOf(block: usize, column: u32, row: u32): usize {
  const x = column * load<u8>(block, 5) + load<u8>(block, 3);
  const y = row * load<u8>(block, 6) + load<u8>(block, 4);
  return load<u32>(block, 16) + ((<usize>(y * load<u32>(block, 20) + x)) << 7);
}

/** A bit for each of a block's coefficients that is not 0. */
export function notZero(block: usize): u64 {
  const none = i16x8.splat(0);
  let found: u64 = 0;
  for (let group: u32 = 0; group < 8; group++)
    found |= (<u64>(~i16x8.bitmask(i16x8.eq(v128.load(block + (group << 4)), none)) & 0xff)) << (group << 3);
  return found;
}
