/**
 * AssemblyScript: resizes RGBA pixels, row by row as they come, in memory for some rows of the result's width. Large
 * reductions first average whole boxes of pixels down to at least twice the size wanted; Lanczos' kernel with three
 * lobes does the rest. Samples count as they are coded (not as linear light), and as much as they are opaque.
 */

import { free, MOST_PIXELS, reachTo } from "./memory-map";
import { turnRows } from "./turn";

const LOBES: f64 = 3;
const MOST_BOX: u32 = 256;
/** Bytes of a pixel with four f32 channels. */
const WIDE: usize = 16;

let sourceWidth: u32 = 0;
let sourceHeight: u32 = 0;
let width: u32 = 0;
let height: u32 = 0;
let boxX: u32 = 1;
let boxY: u32 = 1;
/** Boxes side by side. */
let cells: u32 = 0;
let tapsX: u32 = 0;
let tapsY: u32 = 0;
let filterX: usize = 0;
let filterY: usize = 0;
/** Sums of the boxes that are being filled. */
let boxes: usize = 0;
/** The last `tapsY` rows of boxes, filtered to the result's width. */
let ring: usize = 0;
/** A filter's weights in the order in which the ring's rows lie. */
let ringWeights: usize = 0;
let output: usize = 0;

let sourceRow: u32 = 0;
let rowsInBox: u32 = 0;
let boxRow: u32 = 0;
let outputRow: u32 = 0;

/** sin(πx)/πx. sin by its series, after the whole turns are taken off. */
function sinc(x: f64): f64 {
  if (x === 0) return 1;
  const whole = nearest(x);
  const angle = (x - whole) * Math.PI;
  const square = angle * angle;
  let term = angle;
  let sine = angle;
  for (let i: f64 = 2; i < 20; i += 2) {
    term *= -square / (i * (i + 1));
    sine += term;
  }
  return (<i32>whole & 1 ? -sine : sine) / (x * Math.PI);
}

function lanczos(x: f64): f64 {
  return abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

/** How many cells a result's pixel is made of, at most. `ratio`: cells for each pixel. */
function tapsFor(ratio: f64, count: u32): u32 {
  return min<u32>(<u32>ceil(2 * LOBES * max<f64>(1, ratio)) + 1, count);
}

/** For each pixel of the result: the first cell, u32, and `taps` weights, f32, whose sum is 1. */
function makeFilter(at: usize, ratio: f64, count: u32, pixels: u32, taps: u32): void {
  const stretch = max<f64>(1, ratio);
  for (let pixel: u32 = 0; pixel < pixels; pixel++) {
    const centre = (<f64>pixel + 0.5) * ratio - 0.5;
    const lowest = <i32>ceil(centre - LOBES * stretch);
    const first = <u32>max<i32>(0, min<i32>(lowest, <i32>(count - taps)));
    store<u32>(at, first);
    at += 4;
    let sum: f64 = 0;
    for (let tap: u32 = 0; tap < taps; tap++) sum += lanczos((<f64>(first + tap) - centre) / stretch);
    for (let tap: u32 = 0; tap < taps; tap++, at += 4)
      store<f32>(at, <f32>(lanczos((<f64>(first + tap) - centre) / stretch) / sum));
  }
}

function boxFor(from: u32, to: u32): u32 {
  return max<u32>(1, min<u32>(MOST_BOX, from / to / 2));
}

/** Sides from 1 to 65,535. False when there is no memory for it, or a side is wrong. */
export function openResize(fromWidth: u32, fromHeight: u32, toWidth: u32, toHeight: u32): bool {
  return openSpan(fromWidth, fromHeight, toWidth, toHeight, fromWidth, fromHeight);
}

/** As `openResize`, of a picture that ends within its last column and row: `spanX` and `spanY` are its true sides. */
export function openSpan(
  fromWidth: u32,
  fromHeight: u32,
  toWidth: u32,
  toHeight: u32,
  spanX: f64,
  spanY: f64,
): bool {
  if (fromWidth - 1 >= MOST_PIXELS || fromHeight - 1 >= MOST_PIXELS) return false;
  if (toWidth - 1 >= MOST_PIXELS || toHeight - 1 >= MOST_PIXELS) return false;
  sourceWidth = fromWidth;
  sourceHeight = fromHeight;
  width = toWidth;
  height = toHeight;
  boxX = boxFor(fromWidth, toWidth);
  boxY = boxFor(fromHeight, toHeight);
  cells = (fromWidth + boxX - 1) / boxX;
  const cellRows = (fromHeight + boxY - 1) / boxY;
  const ratioX = spanX / boxX / toWidth;
  const ratioY = spanY / boxY / toHeight;
  tapsX = tapsFor(ratioX, cells);
  tapsY = tapsFor(ratioY, cellRows);
  const boxesAt: u64 = free();
  const ringAt = boxesAt + <u64>cells * WIDE;
  const filterXAt = ringAt + <u64>tapsY * toWidth * WIDE;
  const filterYAt = filterXAt + <u64>toWidth * (tapsX + 1) * 4;
  const ringWeightsAt = filterYAt + <u64>toHeight * (tapsY + 1) * 4;
  const outputAt = ringWeightsAt + <u64>tapsY * 4;
  if (!reachTo(outputAt + <u64>toWidth * toHeight * 4)) return false;
  boxes = <usize>boxesAt;
  ring = <usize>ringAt;
  filterX = <usize>filterXAt;
  filterY = <usize>filterYAt;
  ringWeights = <usize>ringWeightsAt;
  output = <usize>outputAt;
  makeFilter(filterX, ratioX, cells, toWidth, tapsX);
  makeFilter(filterY, ratioY, cellRows, toHeight, tapsY);
  memory.fill(boxes, 0, <usize>cells * WIDE);
  sourceRow = 0;
  rowsInBox = 0;
  boxRow = 0;
  outputRow = 0;
  return true;
}

/** Where the result lies. */
export function resized(): usize {
  return output;
}

/** Turns the result. Answers where the upright picture lies, 0 when there is no memory for it. */
export function turnResized(orientation: u32): usize {
  const bytes = <u64>width * height * 4;
  const to = output + <usize>bytes;
  if (!reachTo(<u64>to + bytes)) return 0;
  turnRows(output, to, 0, height, width, height, orientation);
  return to;
}

function isOpaque(at: usize, pixels: u32): bool {
  const end = at + ((<usize>pixels) << 2);
  let all = i8x16.splat(-1);
  for (; at + 16 <= end; at += 16) all = v128.and(all, v128.load(at));
  let rest: u32 =
    i32x4.extract_lane(all, 0) &
    i32x4.extract_lane(all, 1) &
    i32x4.extract_lane(all, 2) &
    i32x4.extract_lane(all, 3);
  for (; at < end; at += 4) rest &= load<u32>(at);
  return rest >> 24 === 255;
}

function addOpaque(at: usize): void {
  const end = at + ((<usize>sourceWidth) << 2);
  for (let cell = boxes; at < end; cell += WIDE) {
    const stop = min<usize>(at + ((<usize>boxX) << 2), end);
    let pairs = i16x8.splat(0);
    for (; at + 8 <= stop; at += 8) pairs = i16x8.add(pairs, v128.load8x8_u(at));
    let sum = i32x4.add(i32x4.extend_low_i16x8_u(pairs), i32x4.extend_high_i16x8_u(pairs));
    if (at < stop) {
      sum = i32x4.add(sum, onePixel(at));
      at += 4;
    }
    v128.store(cell, f32x4.add(v128.load(cell), f32x4.convert_i32x4_u(sum)));
  }
}

function onePixel(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

function addTransparent(at: usize): void {
  const end = at + ((<usize>sourceWidth) << 2);
  const unit = f32x4.splat(1.0 / 255.0);
  for (let cell = boxes; at < end; cell += WIDE) {
    const stop = min<usize>(at + ((<usize>boxX) << 2), end);
    let sum = i32x4.splat(0);
    for (; at < stop; at += 4) {
      const weights = i32x4.replace_lane(i32x4.splat(load<u8>(at, 3)), 3, 255);
      sum = i32x4.add(sum, i32x4.mul(onePixel(at), weights));
    }
    v128.store(cell, f32x4.add(v128.load(cell), f32x4.mul(f32x4.convert_i32x4_u(sum), unit)));
  }
}

/** The boxes are full: their means go through the filter of columns into the ring, and they start anew. */
function closeBoxes(): void {
  const last = boxes + (<usize>cells - 1) * WIDE;
  const mean = f32x4.splat(1 / <f32>(boxX * rowsInBox));
  for (let cell = boxes; cell < last; cell += WIDE) v128.store(cell, f32x4.mul(v128.load(cell), mean));
  const inLast = (sourceWidth - (cells - 1) * boxX) * rowsInBox;
  v128.store(last, f32x4.mul(v128.load(last), f32x4.splat(1 / <f32>inLast)));
  let to = ring + <usize>(boxRow % tapsY) * width * WIDE;
  const end = to + <usize>width * WIDE;
  for (let filter = filterX; to < end; to += WIDE) {
    let cell = boxes + <usize>load<u32>(filter) * WIDE;
    filter += 4;
    let sum = f32x4.splat(0);
    for (const stop = filter + ((<usize>tapsX) << 2); filter < stop; filter += 4, cell += WIDE)
      sum = f32x4.add(sum, f32x4.mul(v128.load(cell), v128.load32_splat(filter)));
    v128.store(to, sum);
  }
  memory.fill(boxes, 0, <usize>cells * WIDE);
  rowsInBox = 0;
  boxRow++;
}

/** Writes the next row of the result out of the ring. */
function writeRow(filter: usize): void {
  const first = load<u32>(filter);
  for (let tap: u32 = 0; tap < tapsY; tap++)
    store<f32>(
      ringWeights + <usize>(((first + tap) % tapsY) << 2),
      load<f32>(filter + 4 + <usize>(tap << 2)),
    );
  const weightsEnd = ringWeights + <usize>(tapsY << 2);
  const stride = <usize>width * WIDE;
  let to = output + ((<usize>outputRow * width) << 2);
  for (let column = ring, end = ring + stride; column < end; column += WIDE, to += 4) {
    let sum = f32x4.splat(0);
    for (let weight = ringWeights, from = column; weight < weightsEnd; weight += 4, from += stride)
      sum = f32x4.add(sum, f32x4.mul(v128.load(from), v128.load32_splat(weight)));
    const alpha = f32x4.extract_lane(sum, 3);
    if (alpha < 0.5) {
      store<u32>(to, 0);
      continue;
    }
    if (alpha < 254.99) sum = f32x4.replace_lane(f32x4.mul(sum, f32x4.splat(255 / alpha)), 3, alpha);
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(sum));
    const narrow = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(whole, whole), i16x8.splat(0));
    store<u32>(to, i32x4.extract_lane(narrow, 0));
  }
  outputRow++;
}

/** Takes the next rows, which lie at `at`. Rows beyond the picture's last are not looked at. */
export function resizeRows(at: usize, rows: u32): void {
  for (let row: u32 = 0; row < rows && sourceRow < sourceHeight; row++) {
    if (isOpaque(at, sourceWidth)) addOpaque(at);
    else addTransparent(at);
    at += (<usize>sourceWidth) << 2;
    sourceRow++;
    rowsInBox++;
    if (rowsInBox < boxY && sourceRow < sourceHeight) continue;
    closeBoxes();
    for (; outputRow < height; ) {
      const filter = filterY + <usize>outputRow * (tapsY + 1) * 4;
      if (load<u32>(filter) + tapsY > boxRow) break;
      writeRow(filter);
    }
  }
}
