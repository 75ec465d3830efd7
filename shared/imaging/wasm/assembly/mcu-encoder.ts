/** AssemblyScript: codes an MCU with the codes that there are. */

import { put, skipInput } from "./bit-output";
import { BLOCKS, CODES, COEFFICIENTS, NO_CODE, OK, OUT_PREDICTORS, REMAINDERS, ZIGZAG } from "./memory-map";

const ZERO_RUN: usize = 0xf0;

function sizeOf(value: i32): u32 {
  return 32 - <u32>clz(value < 0 ? -value : value);
}

function magnitudeBits(value: i32, size: u32): u32 {
  return <u32>(value < 0 ? value - 1 : value) & ((1 << size) - 1);
}

function codeOf(codes: usize, run: u32, size: u32): u32 {
  return load<u32>(codes + ((<usize>((run << 4) | size)) << 2));
}

/** Writes COEFFICIENTS; `position`: the input's bit behind the MCU. */
export function encodeBlocks(blocks: u32, position: u32): i32 {
  for (let i: u32 = 0; i < blocks; i++) {
    const block = BLOCKS + ((<usize>i) << 4);
    const from = COEFFICIENTS + ((<usize>i) << 7);
    const dcCodes = CODES + ((<usize>load<u8>(block, 12)) << 10);
    const acCodes = CODES + ((<usize>(load<u8>(block, 13) + 4)) << 10);
    const predictor = OUT_PREDICTORS + <usize>load<u32>(block, 8);
    const dc: i32 = load<i16>(from);
    const difference = dc - load<i32>(predictor);
    store<i32>(predictor, dc);
    const dcSize = sizeOf(difference);
    if (dcSize > 11) return NO_CODE;
    let code = load<u32>(dcCodes + ((<usize>dcSize) << 2));
    if (code === 0) return NO_CODE;
    put(code & 0xffff, code >> 16);
    put(magnitudeBits(difference, dcSize), dcSize);
    let run: u32 = 0;
    for (let k: u32 = 1; k < 64; k++) {
      const value: i32 = load<i16>(from + ((<usize>load<u8>(ZIGZAG + k)) << 1));
      if (value === 0) {
        run++;
        continue;
      }
      const size = sizeOf(value);
      if (size > 10) return NO_CODE;
      for (;;) {
        code = run > 15 ? load<u32>(acCodes, ZERO_RUN << 2) : codeOf(acCodes, run, size);
        if (code === 0) {
          const coded = putOne(acCodes, run, size, k, REMAINDERS + ((<usize>i) << 8));
          if (coded === 0) return NO_CODE;
          run -= coded;
          continue;
        }
        if (run <= 15) break;
        put(code & 0xffff, code >> 16);
        run -= 16;
      }
      put(code & 0xffff, code >> 16);
      put(magnitudeBits(value, size), size);
      run = 0;
    }
    if (run > 0) {
      code = load<u32>(acCodes);
      if (code === 0) return NO_CODE;
      put(code & 0xffff, code >> 16);
    }
  }
  skipInput(position);
  return OK;
}

/**
 * Makes one of the `run` zeros before coefficient `k`, of `size`, a one with its sign, so that codes that there are
 * suffice: that of them that quantisation has rounded down most. Answers how many coefficients that codes; 0: in vain.
 */
function putOne(codes: usize, run: u32, size: u32, k: u32, remainders: usize): u32 {
  let best: u32 = 0;
  let most: f32 = -1;
  for (let zeros: u32 = 0; zeros < min<u32>(run, 16); zeros++) {
    const left = run - 1 - zeros;
    if (codeOf(codes, zeros, 1) === 0 || (left <= 15 && codeOf(codes, left, size) === 0)) continue;
    const at = (<usize>load<u8>(ZIGZAG + (k - run + zeros))) << 2;
    const remainder = abs<f32>(load<f32>(remainders + at));
    if (remainder <= most) continue;
    most = remainder;
    best = zeros + 1;
  }
  if (best === 0) return 0;
  const code = codeOf(codes, best - 1, 1);
  put(code & 0xffff, code >> 16);
  put(load<f32>(remainders + ((<usize>load<u8>(ZIGZAG + (k - run + best - 1))) << 2)) < 0 ? 0 : 1, 1);
  return best;
}
