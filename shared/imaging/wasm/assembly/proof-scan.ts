/**
 * AssemblyScript, not TypeScript: the proof's own reader of Huffman-coded JPEG data (ITU-T T.81, F.2 and G.2), which
 * shares nothing with the one that splices marks. Compiled by `npm run build:wasm`, driven by ../proof-kernel.ts, which
 * says where everything lies. Streams can be read in turn: all that one needs is in its structure, see proof-bits.ts.
 */

import {
  accumulator,
  BAD_CODE,
  BAD_RESTART,
  BLOCK,
  BLOCK_BYTES,
  BLOCKS,
  bits,
  COLUMNS,
  DATA_END,
  end,
  extend,
  INTERVAL,
  LEFT,
  OK,
  PREDICTORS,
  position,
  refillFrom,
  restart,
  resume,
  resumeAt,
  suspend,
  TABLES,
  zeros,
} from "./proof-bits";
import { END_OF_BLOCK, isInPicture, writeValue } from "./proof-canonical";
import { FAST_BITS, longSymbol, SLOT_BYTES } from "./proof-tables";

export { readArithmeticScan, setConditioning } from "./proof-arithmetic";
export { beginScan, endScan, setTable } from "./proof-bits";
export { compareRows } from "./proof-canonical";
export { beginPair, endsPair, makePairTable, readRowOfBoth } from "./proof-pair";
export { readScan, writeStoredRow } from "./proof-stored";

/**
 * Reads one row of MCUs and writes the blocks that lie in the picture at `out` in canonical form. MCUs whose byte at `skipped` is not 0 are read and not written. `ends`: where
 * each MCU's bytes end, counted from `out`.
 */
export function readRow(stream: usize, row: u32, skipped: usize, out: usize, ends: usize): i32 {
  resume(stream);
  let at = out;
  let p = position;
  let a = accumulator;
  let b = bits;
  const stop = end;
  const columns = load<u32>(stream + COLUMNS);
  const lastBlock = stream + BLOCK + load<u32>(stream + BLOCKS) * BLOCK_BYTES;
  const interval = load<u32>(stream + INTERVAL);
  let left = load<u32>(stream + LEFT);
  for (let column: u32 = 0; column < columns; column++) {
    if (interval !== 0) {
      if (left === 0) {
        resumeAt(p, a, b);
        if (!restart(stream)) return BAD_RESTART;
        p = position;
        a = 0;
        b = 0;
        left = interval;
      }
      left--;
    }
    const mcuStart = at;
    for (let block = stream + BLOCK; block < lastBlock; block += BLOCK_BYTES) {
      const blockStart = at;
      const dc = stream + TABLES + <usize>load<u8>(block, 1) * SLOT_BYTES;
      const ac = stream + TABLES + <usize>load<u8>(block, 2) * SLOT_BYTES;
      if (b < 32) {
        const word = p + 4 <= stop ? load<u32>(p) : 0xffffffff;
        if (((~word - 0x01010101) & word & 0x80808080) === 0) {
          a |= (<u64>bswap(word)) << (32 - b);
          b += 32;
          p += 4;
        } else {
          refillFrom(p, a, b);
          p = position;
          a = accumulator;
          b = bits;
        }
      }
      let entry = load<u32>(dc + ((<usize>(a >> (64 - FAST_BITS))) << 2));
      if (entry === 0) {
        entry = longSymbol(dc, a);
        if (entry === 0) return BAD_CODE;
      }
      a <<= entry & 255;
      b -= entry & 255;
      const category = entry >> 8;
      const predictor = stream + PREDICTORS + ((<usize>load<u8>(block)) << 2);
      let value = load<i32>(predictor);
      if (category !== 0) {
        value += extend(<u32>(a >> (64 - category)), category);
        if (value < -32768 || value > 32767) return BAD_CODE;
        store<i32>(predictor, value);
        a <<= category;
        b -= category;
      }
      store<i16>(at, <i16>value);
      at += 2;
      let zerosBefore: u32 = 0;
      for (let k: u32 = 1; k < 64; ) {
        if (b < 32) {
          const word = p + 4 <= stop ? load<u32>(p) : 0xffffffff;
          if (((~word - 0x01010101) & word & 0x80808080) === 0) {
            a |= (<u64>bswap(word)) << (32 - b);
            b += 32;
            p += 4;
          } else {
            refillFrom(p, a, b);
            p = position;
            a = accumulator;
            b = bits;
          }
        }
        entry = load<u32>(ac + ((<usize>(a >> (64 - FAST_BITS))) << 2));
        if (entry > 0xffff) {
          k += ((entry >> 8) & 255) + 1;
          if (k > 64) return BAD_CODE;
          store<u16>(at, <u16>((entry >> 8) + zerosBefore));
          at += 2;
          zerosBefore = 0;
          a <<= entry & 255;
          b -= entry & 255;
          continue;
        }
        if (entry === 0) {
          entry = longSymbol(ac, a);
          if (entry === 0) return BAD_CODE;
        }
        a <<= entry & 255;
        b -= entry & 255;
        const run = entry >> 12;
        const size = (entry >> 8) & 15;
        if (size === 0) {
          if (run === 0) break;
          k += 16;
          if (run !== 15 || k > 63) return BAD_CODE;
          zerosBefore += 16;
          continue;
        }
        k += run + 1;
        if (k > 64 || size > 10) return BAD_CODE;
        at = writeValue(at, run + zerosBefore, extend(<u32>(a >> (64 - size)), size));
        zerosBefore = 0;
        a <<= size;
        b -= size;
      }
      store<u8>(at, END_OF_BLOCK);
      at++;
      if (!isInPicture(block, column, row)) at = blockStart;
    }
    if (b < zeros) return DATA_END;
    if (skipped !== 0 && load<u8>(skipped + column) !== 0) at = mcuStart;
    store<u32>(ends + ((<usize>column) << 2), <u32>(at - out));
  }
  resumeAt(p, a, b);
  suspend(stream);
  store<u32>(stream + LEFT, left);
  return OK;
}
