/**
 * AssemblyScript: decodes a JPEG at full size, a half, a quarter or an eighth into rows of RGBA. A sequential file in
 * one scan needs memory for a row of MCUs; others for all their coefficients.
 */

import { bitsEnd } from "./jpeg-bits";
import {
  ACROSS,
  adobeTransform,
  COEFFICIENTS,
  component,
  components,
  DOWN,
  frameHeight,
  frameWidth,
  H,
  ID,
  mostH,
  mostV,
  openFrame,
  PADDED_COLUMNS,
  PADDED_ROWS,
  PLANE,
  progressive,
  QUANT,
  readSegments,
  V,
} from "./jpeg-frame";
import { blockAt, decodeScan, scanComponents } from "./jpeg-scan";
import { prepareTransform, transform } from "./jpeg-transform";
import { free, hold, INPUT, QUANTISATION, reachTo } from "./memory-map";
import { takeRows } from "./sink";
import { BAD_INPUT, fail } from "./wasi";

const MOST_SCANS: u32 = 200;
/** What a shrunk picture must still have of the longest side that is wanted, as `resize` does. */
const SPARE: u32 = 2;

/** Samples that a block of the finest component becomes, each way: 1, 2, 4 or 8. */
let points: u32 = 8;
let byRows: bool = false;
let scan: usize = 0;

/** Reads the head of the JPEG in [from, to). */
export function openJpeg(from: usize, to: usize): void {
  openFrame(to);
  scan = readSegments(from + 2);
  if (scan === 0 || components === 0) fail(BAD_INPUT, "the JPEG holds no picture");
}

function powerOf2(value: u32): u32 {
  return value >= 8 ? 8 : value >= 4 ? 4 : value >= 2 ? 2 : 1;
}

/** Chooses the size for a picture whose longest side shall be `side` (0: as it is), and takes memory. */
export function shrinkJpeg(side: u32): void {
  points = 8;
  const longest = max<u32>(frameWidth, frameHeight);
  if (side > 0) while (points > 1 && (longest * points) / 2 >= side * SPARE * 8) points >>= 1;
  byRows = !progressive && scanComponents(scan) === components;
  let at: u64 = free();
  for (let c: u32 = 0; c < components; c++) {
    const each = component(c);
    const across = powerOf2((points * mostH) / load<u32>(each, H));
    const down = powerOf2((points * mostV) / load<u32>(each, V));
    store<u32>(each, across, ACROSS);
    store<u32>(each, down, DOWN);
    const columns = <u64>load<u32>(each, PADDED_COLUMNS);
    const rows = <u64>(byRows ? load<u32>(each, V) : load<u32>(each, PADDED_ROWS));
    store<u32>(each, <u32>at, COEFFICIENTS);
    at += columns * rows * 128;
    if (at > 0xf000_0000) fail(BAD_INPUT, "there is not enough memory for this picture");
    store<u32>(each, <u32>at, PLANE);
    at += columns * across * load<u32>(each, V) * down;
  }
  if (!reachTo(at)) fail(BAD_INPUT, "there is not enough memory for this picture");
  memory.fill(free(), 0, <usize>at - free());
  hold(<usize>at);
  prepareTransform();
}

export function shrunkWidth(): u32 {
  return (frameWidth * points + 7) >> 3;
}

export function shrunkHeight(): u32 {
  return (frameHeight * points + 7) >> 3;
}

/** The true sides of the shrunk picture, whose last column and row it need not fill. */
export function spanX(): f64 {
  return (<f64>frameWidth * points) / 8;
}

export function spanY(): f64 {
  return (<f64>frameHeight * points) / 8;
}

/** Decodes all of it into the sink. */
export function decodeJpeg(): void {
  for (let scans: u32 = 0; scan !== 0; scans++) {
    if (scans === MOST_SCANS) fail(BAD_INPUT, "the JPEG has too many scans");
    decodeScan(scan, byRows, writeMcuRow);
    if (byRows) return;
    scan = readSegments(bitsEnd());
  }
  const mcuRows = load<u32>(component(0), PADDED_ROWS) / load<u32>(component(0), V);
  for (let mcuRow: u32 = 0; mcuRow < mcuRows; mcuRow++) writeMcuRow(mcuRow);
}

function writeMcuRow(mcuRow: u32): void {
  for (let c: u32 = 0; c < components; c++) {
    const each = component(c);
    const columns = load<u32>(each, PADDED_COLUMNS);
    const across = load<u32>(each, ACROSS);
    const down = load<u32>(each, DOWN);
    const v = load<u32>(each, V);
    const stride = <usize>(columns * across);
    const quant = QUANTISATION + ((<usize>load<u32>(each, QUANT)) << 7);
    for (let y: u32 = 0; y < v; y++) {
      let to = <usize>load<u32>(each, PLANE) + stride * y * down;
      let block = blockAt(each, byRows ? y : mcuRow * v + y, 0);
      for (let x: u32 = 0; x < columns; x++, block += 128, to += across)
        transform(block, quant, to, stride, across, down);
    }
  }
  const first = mcuRow * mostV * points;
  const height = shrunkHeight();
  for (let y: u32 = 0; y < mostV * points && first + y < height; y++) {
    writeRow(y);
    takeRows(1);
  }
}

/** Where row `y` of the MCUs lies in a component's plane. */
function planeRow(each: usize, y: u32): usize {
  const row = (y * load<u32>(each, V) * load<u32>(each, DOWN)) / (mostV * points);
  return (
    <usize>load<u32>(each, PLANE) + <usize>row * load<u32>(each, PADDED_COLUMNS) * load<u32>(each, ACROSS)
  );
}

/** How far to go in a component's plane for each pixel, in 1/65,536. */
function planeStep(each: usize): u32 {
  return ((load<u32>(each, H) * load<u32>(each, ACROSS)) << 16) / (mostH * points);
}

function clamp(value: i32): u32 {
  return <u32>max<i32>(0, min<i32>(255, value));
}

/** Without an Adobe segment three components are YCbCr, unless they are called R, G and B (as libjpeg takes it). */
function isYcc(): bool {
  if (adobeTransform >= 0) return adobeTransform > 0;
  if (components === 4) return false;
  return !(
    load<u32>(component(0), ID) === 82 &&
    load<u32>(component(1), ID) === 71 &&
    load<u32>(component(2), ID) === 66
  );
}

/** Row `y` of the MCUs to INPUT, as RGBA. */
function writeRow(y: u32): void {
  const width = shrunkWidth();
  const one = planeRow(component(0), y);
  if (components === 1) {
    for (let x: u32 = 0; x < width; x++)
      store<u32>(INPUT + ((<usize>x) << 2), (<u32>load<u8>(one + x) * 0x010101) | 0xff000000);
    return;
  }
  const two = planeRow(component(1), y);
  const three = planeRow(component(2), y);
  const ink = components === 4 ? planeRow(component(3), y) : 0;
  const step1 = planeStep(component(0));
  const step2 = planeStep(component(1));
  const step3 = planeStep(component(2));
  const stepInk = components === 4 ? planeStep(component(3)) : 0;
  const ycc = isYcc();
  for (let x: u32 = 0; x < width; x++) {
    let red: i32 = load<u8>(one + <usize>((<u64>x * step1) >> 16));
    let green: i32 = load<u8>(two + <usize>((<u64>x * step2) >> 16));
    let blue: i32 = load<u8>(three + <usize>((<u64>x * step3) >> 16));
    if (ycc) {
      // T.871, 7; in 1/65,536.
      const luma = (red << 16) + 0x8000;
      const cb = green - 128;
      const cr = blue - 128;
      red = clamp((luma + 91881 * cr) >> 16);
      green = clamp((luma - 22554 * cb - 46802 * cr) >> 16);
      blue = clamp((luma + 116130 * cb) >> 16);
    }
    if (ink !== 0) {
      // Adobe's inks are inverted: 255 is none.
      const light: i32 = load<u8>(ink + <usize>((<u64>x * stepInk) >> 16));
      red = (red * light + 127) / 255;
      green = (green * light + 127) / 255;
      blue = (blue * light + 127) / 255;
    }
    store<u32>(INPUT + ((<usize>x) << 2), red | (green << 8) | (blue << 16) | 0xff000000);
  }
}
