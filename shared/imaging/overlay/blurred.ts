/**
 * Blurs a plane of bytes as nearly as three boxes come to a Gaussian, in time that does not grow with the blur (the
 * rasteriser's own takes minutes for a large one). Whole numbers and one square root: the same on every machine.
 * Outside the plane there is nothing. Pure.
 * @param deviation Pixels.
 */
export function blurred(plane: Uint8Array, width: number, height: number, deviation: number): Uint8Array {
  const from = new Uint16Array(plane.length);
  const to = new Uint16Array(plane.length);
  for (let i = 0; i < plane.length; i++) from[i] = plane[i]! * 257;
  for (const radius of boxRadii(deviation)) {
    if (radius === 0) continue;
    alongRows(from, to, width, height, radius);
    alongColumns(to, from, width, height, radius);
  }
  const result = new Uint8Array(plane.length);
  for (let i = 0; i < plane.length; i++) result[i] = Math.floor((from[i]! + 128) / 257);
  return result;
}

/** Three odd boxes whose variances together are nearest to the Gaussian's. */
function boxRadii(deviation: number): number[] {
  const ideal = Math.floor(Math.sqrt(4 * deviation * deviation + 1));
  const lower = ideal % 2 === 0 ? ideal - 1 : ideal;
  const missing = 12 * deviation * deviation - 3 * lower * lower - 12 * lower - 9;
  const small = Math.max(0, Math.min(3, Math.round(missing / (-4 * lower - 4))));
  return [0, 1, 2].map((i) => (lower - 1) / 2 + (i < small ? 0 : 1));
}

function alongRows(from: Uint16Array, to: Uint16Array, width: number, height: number, radius: number): void {
  const size = 2 * radius + 1;
  for (let row = 0; row < height; row++) {
    const start = row * width;
    let sum = 0;
    for (let x = 0; x < Math.min(radius, width); x++) sum += from[start + x]!;
    for (let x = 0; x < width; x++) {
      if (x + radius < width) sum += from[start + x + radius]!;
      if (x - radius > 0) sum -= from[start + x - radius - 1]!;
      to[start + x] = Math.round(sum / size);
    }
  }
}

function alongColumns(
  from: Uint16Array,
  to: Uint16Array,
  width: number,
  height: number,
  radius: number,
): void {
  const size = 2 * radius + 1;
  const sums = new Float64Array(width);
  const add = (row: number, sign: number) => {
    if (row < 0 || row >= height) return;
    for (let x = 0; x < width; x++) sums[x]! += sign * from[row * width + x]!;
  };
  for (let row = 0; row < Math.min(radius, height); row++) add(row, 1);
  for (let row = 0; row < height; row++) {
    add(row + radius, 1);
    add(row - radius - 1, -1);
    for (let x = 0; x < width; x++) to[row * width + x] = Math.round(sums[x]! / size);
  }
}
