/**
 * AssemblyScript, not TypeScript: the entropy-coded data of a sequential Huffman JPEG, walked, decoded and written
 * (ITU-T T.81, F.2 and F.1). Compiled by `npm run build:wasm`, driven by ../jpeg-kernel.ts. No allocation, no imports:
 * all that is read or written lies at the places of memory-map.ts.
 */

import { copyUntil, openOutput, startOutputAt } from "./bit-output";
import { extend } from "./huffman-tables";
import { encodeBlocks } from "./mcu-encoder";
import {
  BAD_CODE,
  BLOCKS,
  COEFFICIENTS,
  DATA_END,
  FAST_AC,
  FAST_BITS,
  FAST_BLOCK,
  FULL,
  OK,
  OUT_PREDICTORS,
  PREDICTORS,
  ZIGZAG,
} from "./memory-map";
import { bitsAt, openInput } from "./scan-input";
import { survey as surveyPieces } from "./survey";
import {
  NO_PIECE,
  noteChanges,
  symbolBits,
  symbolDc,
  symbolNext,
  walkingPiece,
  walkSymbol,
} from "./symbol-walk";

export { drain, finishOutput, outputBytes, setChanges } from "./bit-output";
export { addChanges, toSamples } from "./block-samples";
export { buildBlockTable, buildCodes, buildTable } from "./huffman-tables";
export { cleanBytes, markerFound, unstuff } from "./scan-input";
export { changesNoted, noteChanges } from "./symbol-walk";

let blocks: u32 = 0;
/** Where the walk is, and where its data end, in bits. */
let position: u32 = 0;
let limit: u32 = 0;

/** `firstByte`: address of the clean scan's first byte. */
export function begin(firstByte: usize): void {
  noteChanges(0, 0);
  walkingPiece(NO_PIECE);
  openInput(firstByte);
  openOutput();
  blocks = 0;
}

/** Adds a block to the MCU. */
export function addBlock(component: u32, dc: u32, ac: u32, pair: u32): void {
  const block = BLOCKS + ((<usize>blocks) << 4);
  store<u32>(block, <u32>FAST_BLOCK + (pair << (FAST_BITS + 2)));
  store<u32>(block, <u32>FAST_AC + (ac << (FAST_BITS + 2)), 4);
  store<u32>(block, component << 2, 8);
  store<u8>(block, <u8>dc, 12);
  store<u8>(block, <u8>ac, 13);
  blocks++;
}

/** Starts an interval whose clean bytes are [from, to): predictors 0 (T.81, F.2.1.3.1). */
export function startInterval(from: u32, to: u32): void {
  limit = to << 3;
  resume(from << 3, 0, 0, 0, 0);
}

/** Goes to an MCU's first bit, with the DC predictors that count there. */
export function resume(bit: u32, dc0: i32, dc1: i32, dc2: i32, dc3: i32): void {
  position = bit;
  store<i32>(PREDICTORS, dc0);
  store<i32>(PREDICTORS, dc1, 4);
  store<i32>(PREDICTORS, dc2, 8);
  store<i32>(PREDICTORS, dc3, 12);
}

export function bitPosition(): u32 {
  return position;
}

export function predictor(component: u32): i32 {
  return load<i32>(PREDICTORS + ((<usize>component) << 2));
}

export function survey(pieces: u32, notes: usize, notesEnd: usize): void {
  surveyPieces(pieces, notes, notesEnd, blocks);
}

/** Walks over MCUs; only DC values are kept. */
export function skip(count: u32): i32 {
  let p = position;
  const blockEnd = BLOCKS + ((<usize>blocks) << 4);
  for (; count > 0; count--) {
    for (let block = BLOCKS; block < blockEnd; block += 16) {
      const fast = <usize>load<u32>(block, 4);
      const predictor = PREDICTORS + <usize>load<u32>(block, 8);
      let table = <usize>load<u32>(block);
      let k: u32 = 0;
      do {
        const entry = load<u32>(table + ((<usize>(bitsAt(p) >> (64 - FAST_BITS))) << 2));
        let next = k + ((entry >> 5) & 1023);
        if (next <= 64 || next - 128 <= 63) {
          p += entry & 31;
          if (k === 0) store<i32>(predictor, load<i32>(predictor) + (<i32>entry >> 16));
        } else {
          const status = walkSymbol(p, k, block);
          if (status !== OK) return status;
          p += symbolBits;
          next = symbolNext;
          if (k === 0) store<i32>(predictor, load<i32>(predictor) + symbolDc);
        }
        k = next;
        table = fast;
      } while (k < 64);
    }
    if (p > limit) return DATA_END;
  }
  position = p;
  return OK;
}

/** Decodes the next MCU into COEFFICIENTS. */
export function decodeMcu(): i32 {
  let p = position;
  memory.fill(COEFFICIENTS, 0, (<usize>blocks) << 7);
  for (let i: u32 = 0; i < blocks; i++) {
    const block = BLOCKS + ((<usize>i) << 4);
    const into = COEFFICIENTS + ((<usize>i) << 7);
    const acTable = FULL + ((<usize>(load<u8>(block, 13) + 4)) << 17);
    if (walkSymbol(p, 0, block) !== OK) return BAD_CODE;
    p += symbolBits;
    const predictor = PREDICTORS + <usize>load<u32>(block, 8);
    const dc = load<i32>(predictor) + symbolDc;
    store<i32>(predictor, dc);
    if (dc < -32768 || dc > 32767) return BAD_CODE;
    store<i16>(into, <i16>dc);
    for (let k: u32 = 1; k < 64; k++) {
      const buffer = bitsAt(p);
      const entry: u32 = load<u16>(acTable + ((<usize>(buffer >> 48)) << 1));
      if (entry === 0) return BAD_CODE;
      const length = entry >> 8;
      const size = entry & 15;
      const run = (entry >> 4) & 15;
      p += length + size;
      if (size === 0) {
        if (run === 0) break;
        k += 15;
        if (run < 15 || k > 62) return BAD_CODE;
        continue;
      }
      k += run;
      if (k > 63 || size > 10) return BAD_CODE;
      const value = extend(<u32>((buffer << length) >> (64 - size)), size);
      store<i16>(into + ((<usize>load<u8>(ZIGZAG + k)) << 1), <i16>value);
    }
  }
  if (p > limit) return DATA_END;
  position = p;
  return OK;
}

/** Starts an interval's output at the current position. */
export function startOutput(): void {
  startOutputAt(position);
}

/** What is written next counts from what was walked last. */
export function startRun(): void {
  memory.copy(OUT_PREDICTORS, PREDICTORS, 16);
}

/** Copies what has been walked over, as far as OUTPUT has room. True: all of it. */
export function catchUp(): bool {
  return copyUntil(position);
}

/** Writes COEFFICIENTS as the next MCU. Needs 8 KiB of OUTPUT. */
export function encodeMcu(): i32 {
  return encodeBlocks(blocks, position);
}
