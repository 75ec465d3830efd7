/**
 * AssemblyScript: symbols and bits of the scan that is written. A first pass counts the symbols, so that tables can be
 * made for them; the second one writes.
 */

import { COUNTS, WRITING, WRITTEN } from "./memory-map";

export let isCounting: bool = true;
let held: u64 = 0;
let heldBits: u32 = 0;
let written: usize = 0;
/** A symbol was needed that has no code. */
export let lacksCode: bool = false;

export function openWriting(counts: bool): void {
  isCounting = counts;
  if (counts) memory.fill(COUNTS, 0, 0x2000);
  held = 0;
  heldBits = 0;
  written = 0;
  lacksCode = false;
}

export function writtenBytes(): u32 {
  return <u32>written;
}

export function drainWritten(): void {
  written = 0;
}

function putByte(byte: u32): void {
  store<u8>(WRITTEN + written, <u8>byte);
  written++;
  if (byte !== 0xff) return;
  store<u8>(WRITTEN + written, 0);
  written++;
}

/** `count` up to 32; of `bits` the lowest count. */
export function putBits(bits: u32, count: u32): void {
  if (isCounting) return;
  held = (held << count) | (<u64>bits & (((<u64>1) << count) - 1));
  heldBits += count;
  if (heldBits < 32) return;
  heldBits -= 32;
  const word = <u32>(held >> heldBits);
  const inverse = ~word;
  if (((inverse - 0x01010101) & ~inverse & 0x80808080) === 0) {
    store<u32>(WRITTEN + written, bswap(word));
    written += 4;
    return;
  }
  putByte(word >> 24);
  putByte((word >> 16) & 255);
  putByte((word >> 8) & 255);
  putByte(word & 255);
}

/** @param slot DC 0–3, AC 4–7. */
export function putSymbol(slot: usize, symbol: u32): void {
  const place = (slot << 10) + ((<usize>symbol) << 2);
  if (isCounting) {
    store<u32>(COUNTS + place, load<u32>(COUNTS + place) + 1);
    return;
  }
  const code = load<u32>(WRITING + place);
  if (code === 0) lacksCode = true;
  putBits(code, code >> 16);
}

/** A symbol with the number behind it, whose size it names. */
export function putNumber(slot: usize, symbol: u32, value: i32, size: u32): void {
  putSymbol(slot, symbol);
  putBits(<u32>(value < 0 ? value - 1 : value), size);
}

/** Fills the last byte up with ones; `marker`: the second byte of what is behind it, 0 for nothing. */
export function endInterval(marker: u32): void {
  if (isCounting) return;
  if ((heldBits & 7) !== 0) putBits(0xff, 8 - (heldBits & 7));
  for (; heldBits > 0; heldBits -= 8) putByte(<u32>(held >> (heldBits - 8)) & 255);
  if (marker === 0) return;
  store<u8>(WRITTEN + written, 0xff);
  store<u8>(WRITTEN + written, <u8>marker, 1);
  written += 2;
}
