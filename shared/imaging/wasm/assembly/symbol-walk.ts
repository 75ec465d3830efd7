/** AssemblyScript: one symbol at a time, where the fast tables have no answer. */

import { extend } from "./huffman-tables";
import { BAD_CODE, CHANGED_FROM, FULL, OK } from "./memory-map";
import { bitsAt } from "./scan-input";

/** What `walkSymbol` answers beside its status: bits taken, by how much the DC value grows. */
export let symbolBits: u32 = 0;
export let symbolDc: i32 = 0;
/** The next coefficient's number; 64 at the block's end. */
export let symbolNext: u32 = 0;

/**
 * Where codes that change were met, 8 bytes each: the bit; the piece that was walked, `NO_PIECE` for a walk that counts
 * in any case, with the AC slot above it.
 */
let nextChange: usize = 0;
let firstChange: usize = 0;
let endOfChanges: usize = 0;
let piece: u32 = 0;
export const NO_PIECE: u32 = 0xffff;

/** What is walked from now on notes changes in [from, to), as far as there is room; none where it is empty. */
export function noteChanges(from: usize, to: usize): void {
  firstChange = from;
  nextChange = from;
  endOfChanges = to;
}

export function changesNoted(): u32 {
  return <u32>((nextChange - firstChange) >> 3);
}

export function walkingPiece(number: u32): void {
  piece = number;
}

/** Reads the symbol at bit `p`, which is for coefficient `k` of a block with the tables of `block` (see BLOCKS). */
export function walkSymbol(p: u32, k: u32, block: usize): i32 {
  const buffer = bitsAt(p);
  const window = <u32>(buffer >> 48);
  symbolDc = 0;
  if (k === 0) {
    const entry: u32 = load<u16>(FULL + ((<usize>load<u8>(block, 12)) << 17) + ((<usize>window) << 1));
    if (entry === 0) return BAD_CODE;
    const length = entry >> 8;
    const size = entry & 15;
    if (size !== 0) symbolDc = extend(<u32>((buffer << length) >> (64 - size)), size);
    symbolBits = length + size;
    symbolNext = 1;
    return OK;
  }
  const slot: usize = load<u8>(block, 13);
  const entry: u32 = load<u16>(FULL + ((slot + 4) << 17) + ((<usize>window) << 1));
  const length = entry >> 8;
  const size = entry & 15;
  const run = (entry >> 4) & 15;
  if (entry === 0 || size > 10) return BAD_CODE;
  if (window >= load<u32>(CHANGED_FROM + (slot << 2)) && nextChange < endOfChanges) {
    store<u32>(nextChange, p);
    store<u32>(nextChange, <u32>(slot << 16) | piece, 4);
    nextChange += 8;
  }
  symbolBits = length + size;
  symbolNext = k + run + 1;
  if (size === 0) {
    if (run === 0) symbolNext = 64;
    else if (run < 15 || symbolNext > 63) return BAD_CODE;
  }
  return symbolNext > 64 ? BAD_CODE : OK;
}
