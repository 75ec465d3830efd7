/** AssemblyScript: what a JPEG says before and between its scans (T.81, B.2), and its EXIF orientation. */

import { buildHuffman, huffmanTable } from "./jpeg-bits";
import { COMPONENTS, MOST_PIXELS, QUANTISATION } from "./memory-map";
import { BAD_INPUT, fail } from "./wasi";

/** A component: fields of u32, at these places. */
export const ID: usize = 0;
export const H: usize = 4;
export const V: usize = 8;
export const QUANT: usize = 12;
export const DC_TABLE: usize = 16;
export const AC_TABLE: usize = 20;
export const PREDICTOR: usize = 24;
/** Blocks side by side and one above the other: of the picture, and of whole MCUs. */
export const COLUMNS: usize = 28;
export const ROWS: usize = 32;
export const PADDED_COLUMNS: usize = 36;
export const PADDED_ROWS: usize = 40;
/** Samples that a block becomes, each way. */
export const ACROSS: usize = 44;
export const DOWN: usize = 48;
export const COEFFICIENTS: usize = 52;
export const PLANE: usize = 56;
export const COMPONENT_BYTES: usize = 64;

export const ZIGZAG: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);

let fileEnd: usize = 0;
export let frameWidth: u32 = 0;
export let frameHeight: u32 = 0;
export let components: u32 = 0;
export let progressive: bool = false;
export let mostH: u32 = 1;
export let mostV: u32 = 1;
export let restartInterval: u32 = 0;
export let exifOrientation: u32 = 1;
/** Adobe's (0 as it is, 1 YCbCr, 2 YCCK), -1 when it does not say. */
export let adobeTransform: i32 = -1;

export function component(index: u32): usize {
  return COMPONENTS + <usize>index * COMPONENT_BYTES;
}

export function endOfFile(): usize {
  return fileEnd;
}

function u16At(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | load<u8>(at, 1);
}

function damaged(): void {
  fail(BAD_INPUT, "the JPEG is damaged");
}

/** `end`: of the file. */
export function openFrame(end: usize): void {
  fileEnd = end;
}

/**
 * Reads segments from `at` on, up to the next scan. Answers where its header's content starts, 0 at the picture's end.
 */
export function readSegments(at: usize): usize {
  while (true) {
    while (at + 1 < fileEnd && (load<u8>(at) !== 0xff || load<u8>(at, 1) === 0xff || load<u8>(at, 1) === 0))
      at++;
    if (at + 4 > fileEnd) {
      if (at + 2 === fileEnd && load<u8>(at, 1) === 0xd9) return 0;
      fail(BAD_INPUT, "the picture's end is missing");
    }
    const marker: u32 = load<u8>(at, 1);
    at += 2;
    if (marker === 0xd9) return 0;
    if (marker === 0xd8 || marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    const length = <usize>u16At(at);
    if (length < 2 || at + length > fileEnd) fail(BAD_INPUT, "the picture's end is missing");
    const content = at + 2;
    const end = at + length;
    if (marker === 0xda) return content;
    if (marker === 0xc4) readHuffman(content, end);
    else if (marker === 0xdb) readQuantisation(content, end);
    else if (marker === 0xdd && length >= 4) restartInterval = u16At(content);
    else if (marker === 0xe1) readExif(content, end);
    else if (marker === 0xee && length >= 14 && load<u32>(content) === 0x626f6441)
      adobeTransform = load<u8>(content, 11);
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc)
      readFrame(marker, content, end);
    else if (marker === 0xcc) fail(BAD_INPUT, "arithmetic-coded JPEGs are not read");
    at = end;
  }
}

function readHuffman(at: usize, end: usize): void {
  while (at + 17 <= end) {
    const kind: u32 = load<u8>(at);
    if (kind >> 4 > 1 || (kind & 15) > 3) damaged();
    let total: usize = 0;
    for (let i: usize = 1; i <= 16; i++) total += load<u8>(at + i);
    if (total > 256 || at + 17 + total > end) damaged();
    buildHuffman(huffmanTable((kind & 15) + ((kind >> 4) << 2)), at + 1, total);
    at += 17 + total;
  }
}

function readQuantisation(at: usize, end: usize): void {
  while (at < end) {
    const kind: u32 = load<u8>(at++);
    const wide = kind >> 4 !== 0;
    if ((kind & 15) > 3 || at + (wide ? 128 : 64) > end) damaged();
    const table = QUANTISATION + ((<usize>(kind & 15)) << 7);
    for (let i: usize = 0; i < 64; i++) {
      store<u16>(table + ((<usize>load<u8>(ZIGZAG + i)) << 1), <u16>(wide ? u16At(at) : load<u8>(at)));
      at += wide ? 2 : 1;
    }
  }
}

function readFrame(marker: u32, at: usize, end: usize): void {
  if (marker > 0xc2) fail(BAD_INPUT, "only baseline, extended and progressive Huffman JPEGs are read");
  if (components !== 0 || at + 6 > end) damaged();
  if (load<u8>(at) !== 8) fail(BAD_INPUT, "only JPEGs of 8 bits are read");
  progressive = marker === 0xc2;
  frameHeight = u16At(at + 1);
  frameWidth = u16At(at + 3);
  components = load<u8>(at, 5);
  if (frameHeight === 0 || frameWidth === 0 || frameWidth > MOST_PIXELS) damaged();
  if ((components !== 1 && components !== 3 && components !== 4) || at + 6 + 3 * components > end) damaged();
  for (let i: u32 = 0; i < components; i++) {
    const from = at + 6 + 3 * i;
    const to = component(i);
    const sampling: u32 = load<u8>(from, 1);
    store<u32>(to, load<u8>(from), ID);
    store<u32>(to, sampling >> 4, H);
    store<u32>(to, sampling & 15, V);
    store<u32>(to, load<u8>(from, 2) & 3, QUANT);
    if (sampling >> 4 === 0 || sampling >> 4 > 4 || (sampling & 15) === 0 || (sampling & 15) > 4) damaged();
    mostH = max<u32>(mostH, sampling >> 4);
    mostV = max<u32>(mostV, sampling & 15);
  }
  const mcuColumns = (frameWidth + 8 * mostH - 1) / (8 * mostH);
  const mcuRows = (frameHeight + 8 * mostV - 1) / (8 * mostV);
  for (let i: u32 = 0; i < components; i++) {
    const to = component(i);
    const h = load<u32>(to, H);
    const v = load<u32>(to, V);
    const width = (frameWidth * h + mostH - 1) / mostH;
    const height = (frameHeight * v + mostV - 1) / mostV;
    store<u32>(to, (width + 7) >> 3, COLUMNS);
    store<u32>(to, (height + 7) >> 3, ROWS);
    store<u32>(to, mcuColumns * h, PADDED_COLUMNS);
    store<u32>(to, mcuRows * v, PADDED_ROWS);
  }
}

/** EXIF 2.32, 4.5.2: a TIFF behind `Exif\0\0`; the orientation is in its first directory. */
function readExif(at: usize, end: usize): void {
  if (at + 14 > end || load<u32>(at) !== 0x66697845 || load<u16>(at, 4) !== 0) return;
  const tiff = at + 6;
  const little = load<u16>(tiff) === 0x4949;
  const size = end - tiff;
  let place = <usize>tiffNumber(tiff + 4, 4, little);
  if (place > size || place + 2 > size) return;
  const entries = tiffNumber(tiff + place, 2, little);
  place += 2;
  for (let i: u32 = 0; i < entries && place + 12 <= size; i++, place += 12) {
    if (tiffNumber(tiff + place, 2, little) !== 0x0112) continue;
    const value = tiffNumber(tiff + place + 8, 2, little);
    if (value >= 1 && value <= 8) exifOrientation = value;
    return;
  }
}

function tiffNumber(at: usize, bytes: u32, little: bool): u32 {
  let value: u32 = 0;
  for (let i: u32 = 0; i < bytes; i++) value = (value << 8) | load<u8>(at + (little ? bytes - 1 - i : i));
  return value;
}
