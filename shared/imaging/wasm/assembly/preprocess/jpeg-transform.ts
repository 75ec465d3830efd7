/**
 * AssemblyScript: a block of coefficients into samples, at full size or less: the lowest n × m frequencies, transformed
 * back on n × m points, are the block shrunk. At 1 × 1 that is the block's mean.
 */

import { TRANSFORM } from "./memory-map";

/** cos(kπ/16) / 2 for k from 0 to 8. */
const COSINES: usize = memory.data<f32>([
  0.5, 0.4903926402016152, 0.46193976625564337, 0.4157348061512726, 0.35355339059327373, 0.2777851165098011,
  0.19134171618254492, 0.09754516100806417, 0,
]);
const WITHOUT_FREQUENCY: f32 = 0.35355339059327373;

/** What frequency `k` of `points` adds to sample `x`, of an orthonormal block of 8. */
function share(x: u32, k: u32, points: u32): f32 {
  if (k === 0) return WITHOUT_FREQUENCY;
  let turn = ((2 * x + 1) * k * (8 / points)) & 31;
  if (turn > 16) turn = 32 - turn;
  return turn <= 8
    ? load<f32>(COSINES + ((<usize>turn) << 2))
    : -load<f32>(COSINES + ((<usize>(16 - turn)) << 2));
}

/** For 1, 2, 4 and 8 points: `share` by sample, then by frequency; 256 bytes each. */
const SHARES: usize = TRANSFORM + 256;

export function prepareTransform(): void {
  for (let log: u32 = 0; log < 4; log++)
    for (let x: u32 = 0; x < 8; x++)
      for (let k: u32 = 0; k < 8; k++)
        store<f32>(
          SHARES + ((<usize>log) << 8) + ((<usize>((x << 3) | k)) << 2),
          x >> log === 0 && k >> log === 0 ? share(x, k, 1 << log) : 0,
        );
}

function sample(value: f32): u8 {
  return <u8>max<i32>(0, min<i32>(255, <i32>nearest(value) + 128));
}

/** @param block 64 × i16, @param quant 64 × u16, both in natural order; `across` and `down` are 1, 2, 4 or 8. */
export function transform(
  block: usize,
  quant: usize,
  to: usize,
  stride: usize,
  across: u32,
  down: u32,
): void {
  const dc = <f32>(<i32>load<i16>(block) * <i32>load<u16>(quant)) * 0.125;
  if (across === 1 && down === 1) {
    store<u8>(to, sample(dc));
    return;
  }
  // Rows of frequencies into rows of samples; high ones are mostly empty.
  const sharesX = SHARES + ((<usize>ctz(across)) << 8);
  let rows: u32 = 0;
  for (let v: u32 = 0; v < down; v++) {
    const from = block + ((<usize>v) << 4);
    const empty = (load<u64>(from) | load<u64>(from, 8)) === 0;
    const line = TRANSFORM + ((<usize>v) << 5);
    if (empty) {
      memory.fill(line, 0, 32);
      continue;
    }
    rows = v + 1;
    const steps = quant + ((<usize>v) << 4);
    for (let x: u32 = 0; x < across; x++) {
      let sum: f32 = 0;
      for (let u: usize = 0; u < across; u++)
        sum +=
          load<f32>(sharesX + ((<usize>x) << 5) + (u << 2)) *
          <f32>(<i32>load<i16>(from + (u << 1)) * <i32>load<u16>(steps + (u << 1)));
      store<f32>(line + ((<usize>x) << 2), sum);
    }
  }
  const sharesY = SHARES + ((<usize>ctz(down)) << 8);
  for (let y: u32 = 0; y < down; y++, to += stride)
    for (let x: usize = 0; x < across; x++) {
      let sum: f32 = 0;
      for (let v: u32 = 0; v < rows; v++)
        sum +=
          load<f32>(sharesY + ((<usize>y) << 5) + ((<usize>v) << 2)) *
          load<f32>(TRANSFORM + ((<usize>v) << 5) + (x << 2));
      store<u8>(to + x, sample(sum));
    }
}
