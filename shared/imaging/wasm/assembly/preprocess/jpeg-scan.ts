/** AssemblyScript: one scan of a JPEG into coefficients: sequential (T.81, F.2) and progressive (G.2). */

import {
  bitsEnd,
  huffmanTable,
  passBits,
  ranOut,
  startBits,
  takeBit,
  takeBits,
  takeSymbol,
  takeValue,
} from "./jpeg-bits";
import {
  AC_TABLE,
  ACROSS,
  COEFFICIENTS,
  COLUMNS,
  component,
  components,
  DC_TABLE,
  DOWN,
  endOfFile,
  H,
  ID,
  PADDED_COLUMNS,
  PADDED_ROWS,
  PREDICTOR,
  progressive,
  ROWS,
  restartInterval,
  V,
  ZIGZAG,
} from "./jpeg-frame";
import { BAD_INPUT, fail } from "./wasi";

/** Called with each row of MCUs that is complete, when only those are kept. */
export type RowTaker = (mcuRow: u32) => void;

let spectralStart: u32 = 0;
let spectralEnd: u32 = 63;
let high: u32 = 0;
let low: u32 = 0;
/** Blocks that hold nothing more, in a progressive scan. */
let emptyRun: u32 = 0;

function damaged(): void {
  fail(BAD_INPUT, "the JPEG's data are damaged");
}

/** The components of the scan whose header's content is at `header`. */
export function scanComponents(header: usize): u32 {
  return load<u8>(header);
}

/** @param byRows Only the row of MCUs that is being decoded has a place for its coefficients. */
export function decodeScan(header: usize, byRows: bool, takeRow: RowTaker): void {
  const count: u32 = load<u8>(header);
  const length = ((<usize>load<u8>(header - 2)) << 8) | load<u8>(header - 1);
  if (count === 0 || count > components || length < 6 + 2 * <usize>count) damaged();
  let first: usize = 0;
  // Bit i: component i takes part.
  let part: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const selector = header + 1 + 2 * i;
    for (let c: u32 = 0; c < components; c++) {
      const each = component(c);
      if (load<u32>(each, ID) !== <u32>load<u8>(selector) || part & (1 << c)) continue;
      part |= 1 << c;
      if (first === 0) first = each;
      const tables: u32 = load<u8>(selector, 1);
      store<u32>(each, <u32>huffmanTable((tables >> 4) & 3), DC_TABLE);
      store<u32>(each, <u32>huffmanTable(4 + (tables & 3)), AC_TABLE);
      break;
    }
  }
  if (popcnt(part) !== count) damaged();
  const settings = header + 1 + 2 * count;
  spectralStart = load<u8>(settings);
  spectralEnd = load<u8>(settings, 1);
  high = load<u8>(settings, 2) >> 4;
  low = load<u8>(settings, 2) & 15;
  if (progressive && (spectralStart > spectralEnd || spectralEnd > 63 || low > 13)) damaged();
  if (progressive && spectralStart > 0 && count > 1) damaged();
  startBits(header + length - 2, endOfFile());
  startInterval();
  if (count === 1) decodeSingle(first, byRows, takeRow);
  else decodeInterleaved(part, byRows, takeRow);
}

function startInterval(): void {
  emptyRun = 0;
  for (let c: u32 = 0; c < components; c++) store<i32>(component(c), 0, PREDICTOR);
}

/** Before MCU `index`: at an interval's start, goes over the marker. */
function passRestart(index: u32): void {
  if (restartInterval === 0 || index === 0 || index % restartInterval !== 0) return;
  const at = bitsEnd();
  if (at + 2 > endOfFile() || load<u8>(at) !== 0xff || (load<u8>(at, 1) & 0xf8) !== 0xd0) damaged();
  startBits(at + 2, endOfFile());
  startInterval();
}

function checkData(): void {
  if (ranOut()) fail(BAD_INPUT, "the picture's end is missing");
}

/** One component alone: its own blocks, row by row. */
function decodeSingle(each: usize, byRows: bool, takeRow: RowTaker): void {
  const columns = load<u32>(each, COLUMNS);
  const rows = load<u32>(each, ROWS);
  const v = load<u32>(each, V);
  let index: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    for (let column: u32 = 0; column < columns; column++, index++) {
      passRestart(index);
      decodeBlock(each, blockAt(each, byRows ? row % v : row, column));
      checkData();
    }
    if (byRows && (row % v === v - 1 || row === rows - 1)) takeRow(row / v);
  }
}

function decodeInterleaved(part: u32, byRows: bool, takeRow: RowTaker): void {
  const mcuRows = load<u32>(component(0), PADDED_ROWS) / load<u32>(component(0), V);
  const mcuColumns = load<u32>(component(0), PADDED_COLUMNS) / load<u32>(component(0), H);
  let index: u32 = 0;
  for (let mcuRow: u32 = 0; mcuRow < mcuRows; mcuRow++) {
    for (let mcuColumn: u32 = 0; mcuColumn < mcuColumns; mcuColumn++, index++) {
      passRestart(index);
      for (let c: u32 = 0; c < components; c++) {
        if (!(part & (1 << c))) continue;
        const each = component(c);
        const h = load<u32>(each, H);
        const v = load<u32>(each, V);
        for (let y: u32 = 0; y < v; y++)
          for (let x: u32 = 0; x < h; x++)
            decodeBlock(each, blockAt(each, byRows ? y : mcuRow * v + y, mcuColumn * h + x));
      }
      checkData();
    }
    if (byRows) takeRow(mcuRow);
  }
}

export function blockAt(each: usize, row: u32, column: u32): usize {
  return (
    <usize>load<u32>(each, COEFFICIENTS) + ((<usize>row * load<u32>(each, PADDED_COLUMNS) + column) << 7)
  );
}

function decodeBlock(each: usize, block: usize): void {
  if (!progressive) decodeSequential(each, block);
  else if (spectralStart === 0) decodeDc(each, block);
  else if (high === 0) decodeAc(each, block);
  else refineAc(each, block);
}

function takeDc(each: usize): i32 {
  const size = takeSymbol(load<u32>(each, DC_TABLE));
  if (size > 15) damaged();
  const dc = load<i32>(each, PREDICTOR) + takeValue(size);
  store<i32>(each, dc, PREDICTOR);
  return dc;
}

function decodeSequential(each: usize, block: usize): void {
  memory.fill(block, 0, 128);
  store<i16>(block, <i16>takeDc(each));
  const table = <usize>load<u32>(each, AC_TABLE);
  const needed = load<u32>(each, ACROSS) > 1 || load<u32>(each, DOWN) > 1;
  for (let k: u32 = 1; k < 64; k++) {
    const symbol = takeSymbol(table);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size === 0) {
      if (run < 15) break;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) damaged();
    if (needed) store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), <i16>takeValue(size));
    else passBits(size);
  }
}

function decodeDc(each: usize, block: usize): void {
  if (high === 0) store<i16>(block, <i16>(takeDc(each) << low));
  else if (takeBit()) store<i16>(block, <i16>(<i32>load<i16>(block) | (1 << low)));
}

function decodeAc(each: usize, block: usize): void {
  if (emptyRun > 0) {
    emptyRun--;
    return;
  }
  const table = <usize>load<u32>(each, AC_TABLE);
  for (let k = spectralStart; k <= spectralEnd; k++) {
    const symbol = takeSymbol(table);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size === 0) {
      if (run < 15) {
        emptyRun = (1 << run) - 1 + takeBits(run);
        break;
      }
      k += 15;
      continue;
    }
    k += run;
    if (k > spectralEnd) damaged();
    store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), <i16>(takeValue(size) << low));
  }
}

/** One bit more for a coefficient that is not 0. */
function refine(at: usize): void {
  const value: i32 = load<i16>(at);
  const bit: i32 = 1 << low;
  if (takeBit() && (value & bit) === 0) store<i16>(at, <i16>(value > 0 ? value + bit : value - bit));
}

function refineAc(each: usize, block: usize): void {
  let k = spectralStart;
  if (emptyRun === 0) {
    const table = <usize>load<u32>(each, AC_TABLE);
    for (; k <= spectralEnd; k++) {
      const symbol = takeSymbol(table);
      let run = symbol >> 4;
      const size = symbol & 15;
      let value: i32 = 0;
      if (size === 0) {
        if (run < 15) {
          emptyRun = (1 << run) + takeBits(run);
          break;
        }
      } else {
        if (size > 1) damaged();
        value = takeBit() ? 1 << low : -(1 << low);
      }
      for (; k <= spectralEnd; k++) {
        const at = block + ((<usize>load<u8>(ZIGZAG + k)) << 1);
        if (load<i16>(at) !== 0) refine(at);
        else if (run-- === 0) break;
      }
      if (value !== 0) {
        if (k > spectralEnd) damaged();
        store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), <i16>value);
      }
    }
  }
  if (emptyRun === 0) return;
  for (; k <= spectralEnd; k++) {
    const at = block + ((<usize>load<u8>(ZIGZAG + k)) << 1);
    if (load<i16>(at) !== 0) refine(at);
  }
  emptyRun--;
}
