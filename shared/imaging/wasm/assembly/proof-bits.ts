/**
 * AssemblyScript: the bits of a stream that the proof's reader reads, its restart markers, and its place in memory.
 *
 * Bits come from the file's bytes as they are: 32 at a time where no 0xff is among them, else byte by byte. Behind a
 * marker or the end there are zeros, which are counted, and missed at the end of the MCU that needed them.
 */

import { buildTable, SLOT_BYTES, symbolAt } from "./proof-tables";

/** A stream, in bytes from its start. Numbers of 32 bits but for ACCUMULATOR. */
export const POSITION: usize = 0;
export const END: usize = 4;
export const ACCUMULATOR: usize = 8;
export const BITS: usize = 16;
export const ZEROS: usize = 20;
export const LEFT: usize = 24;
export const INTERVAL: usize = 28;
export const NEXT_RESTART: usize = 32;
export const BLOCKS: usize = 36;
export const COLUMNS: usize = 40;
export const END_OF_BAND: usize = 44;
export const PREDICTORS: usize = 48;
/** A block of the MCU: component, DC table, AC table, place in the MCU (x, y), sampling (h, v), one byte each; then the
 *  component's blocks a row and rows, the address of its coefficients and their blocks a row, four bytes each. */
export const BLOCK: usize = 64;
export const BLOCK_BYTES: usize = 24;
export const TABLES: usize = 512;

export const OK: i32 = 0;
export const BAD_CODE: i32 = 1;
export const DATA_END: i32 = 2;
export const BAD_RESTART: i32 = 3;

/** The stream that is read now. */
export let position: usize = 0;
export let end: usize = 0;
export let accumulator: u64 = 0;
export let bits: i32 = 0;
export let zeros: i32 = 0;

export function resume(stream: usize): void {
  position = load<u32>(stream + POSITION);
  end = load<u32>(stream + END);
  accumulator = load<u64>(stream + ACCUMULATOR);
  bits = load<i32>(stream + BITS);
  zeros = load<i32>(stream + ZEROS);
}

export function suspend(stream: usize): void {
  store<u32>(stream + POSITION, <u32>position);
  store<u64>(stream + ACCUMULATOR, accumulator);
  store<i32>(stream + BITS, bits);
  store<i32>(stream + ZEROS, zeros);
}

export function refill(): void {
  while (bits <= 56) {
    const byte: u64 = position < end ? load<u8>(position) : 0xff;
    if (byte !== 0xff) position++;
    else if (position + 1 < end && load<u8>(position + 1) === 0) position += 2;
    else {
      zeros += 8;
      bits += 8;
      continue;
    }
    accumulator |= byte << (56 - bits);
    bits += 8;
  }
}

/** Number of 0xff in front of a marker's second byte may be any (B.1.1.2). */
export function passFill(): void {
  while (position + 1 < end && load<u8>(position) === 0xff && load<u8>(position + 1) === 0xff) position++;
}

/** What is left when an interval has been read: fewer than eight bits, and then a marker. */
export function isAtMarker(): bool {
  const left = bits - zeros;
  if (left < 0 || left > 7) return false;
  passFill();
  return position + 1 < end && load<u8>(position) === 0xff && load<u8>(position + 1) !== 0;
}

export function startInterval(stream: usize): void {
  accumulator = 0;
  bits = 0;
  zeros = 0;
  memory.fill(stream + PREDICTORS, 0, 16);
  store<u32>(stream + END_OF_BAND, 0);
  store<u32>(stream + LEFT, load<u32>(stream + INTERVAL));
}

export function restart(stream: usize): bool {
  const number = load<u32>(stream + NEXT_RESTART);
  if (!isAtMarker() || load<u8>(position + 1) !== <u8>(0xd0 + number)) return false;
  position += 2;
  store<u32>(stream + NEXT_RESTART, (number + 1) & 7);
  startInterval(stream);
  return true;
}

/** `refill` for a reader that has the state in variables of its own. */
export function refillFrom(from: usize, window: u64, count: i32): void {
  resumeAt(from, window, count);
  refill();
}

export function resumeAt(from: usize, window: u64, count: i32): void {
  position = from;
  accumulator = window;
  bits = count;
}

/** Tables 0 to 3 are DC, 4 to 7 AC. */
export function setTable(stream: usize, number: u32, spec: usize): bool {
  return buildTable(stream + TABLES + number * SLOT_BYTES, spec, number < 4);
}

/** Starts a scan whose entropy-coded bytes begin at `from`. */
export function beginScan(stream: usize, from: usize, stop: usize, interval: u32): void {
  position = from;
  end = stop;
  store<u32>(stream + END, <u32>stop);
  store<u32>(stream + INTERVAL, interval);
  store<u32>(stream + NEXT_RESTART, 0);
  startInterval(stream);
  suspend(stream);
}

/** Where the marker stands that ends the scan; 0 when something else does. */
export function endScan(stream: usize): usize {
  resume(stream);
  return isAtMarker() ? position : 0;
}

export function extend(value: u32, size: u32): i32 {
  return value < 1 << (size - 1) ? <i32>value - (1 << size) + 1 : <i32>value;
}

export function take(size: u32): u32 {
  if (size === 0) return 0;
  if (bits < <i32>size) refill();
  const value = <u32>(accumulator >> (64 - size));
  accumulator <<= size;
  bits -= size;
  return value;
}

/** The next symbol; -1: no code. */
export function takeSymbol(table: usize): i32 {
  if (bits < 32) refill();
  const entry = symbolAt(table, accumulator);
  if (entry === 0) return -1;
  accumulator <<= entry & 255;
  bits -= entry & 255;
  return (entry >> 8) & 255;
}
