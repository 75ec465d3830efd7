/**
 * AssemblyScript: progressive scans of AC values (ITU-T T.81, G.2.2 and G.1.2.3) into stored coefficients: one component,
 * block after block. All of the state is in locals, which halves the time.
 */

import {
  accumulator,
  BAD_CODE,
  BAD_RESTART,
  BLOCK,
  bits,
  COLUMNS,
  DATA_END,
  END_OF_BAND,
  end,
  extend,
  INTERVAL,
  LEFT,
  OK,
  position,
  refillFrom,
  restart,
  resume,
  resumeAt,
  suspend,
  TABLES,
  zeros,
} from "./proof-bits";
import { coefficientsOf, notZero } from "./proof-blocks";
import { FAST_BITS, longSymbol, SLOT_BYTES } from "./proof-tables";

/** Reads a band for the first time. */
export function readBands(stream: usize, rows: u32, first: u32, last: u32, low: u32): i32 {
  resume(stream);
  let p = position;
  let a = accumulator;
  let b = bits;
  const stop = end;
  const block = stream + BLOCK;
  const table = stream + TABLES + <usize>load<u8>(block, 2) * SLOT_BYTES;
  const columns = load<u32>(stream + COLUMNS);
  const interval = load<u32>(stream + INTERVAL);
  let left = load<u32>(stream + LEFT);
  let ended = load<u32>(stream + END_OF_BAND);
  for (let row: u32 = 0; row < rows; row++)
    for (let column: u32 = 0; column < columns; column++) {
      if (interval !== 0) {
        if (left === 0) {
          resumeAt(p, a, b);
          if (!restart(stream)) return BAD_RESTART;
          p = position;
          a = 0;
          b = 0;
          left = interval;
          ended = 0;
        }
        left--;
      }
      if (ended > 0) {
        ended--;
        continue;
      }
      const into = coefficientsOf(block, column, row);
      for (let k = first; k <= last; k++) {
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
        let entry = load<u32>(table + ((<usize>(a >> (64 - FAST_BITS))) << 2));
        let value: i32 = 0;
        if (entry > 0xffff) {
          k += (entry >> 8) & 255;
          value = <i32>(<i8>(entry >> 16));
          a <<= entry & 255;
          b -= entry & 255;
        } else {
          if (entry === 0) {
            entry = longSymbol(table, a);
            if (entry === 0) return BAD_CODE;
          }
          a <<= entry & 255;
          b -= entry & 255;
          const run = entry >> 12;
          const size = (entry >> 8) & 15;
          if (size === 0 && run < 15) {
            ended = (1 << run) - 1;
            if (run > 0) ended += <u32>(a >> (64 - run));
            a <<= run;
            b -= run;
            break;
          }
          k += run;
          if (size === 0) {
            if (k >= last) return BAD_CODE;
            continue;
          }
          if (size > 10) return BAD_CODE;
          value = extend(<u32>(a >> (64 - size)), size);
          a <<= size;
          b -= size;
        }
        value <<= low;
        if (k > last || value < -32768 || value > 32767) return BAD_CODE;
        store<i16>(into + (k << 1), <i16>value);
      }
      if (b < zeros) return DATA_END;
    }
  resumeAt(p, a, b);
  suspend(stream);
  return OK;
}

/** Adds a bit to a band that has been read before. */
export function refineBands(stream: usize, rows: u32, first: u32, last: u32, low: u32): i32 {
  resume(stream);
  let p = position;
  let a = accumulator;
  let b = bits;
  const stop = end;
  const block = stream + BLOCK;
  const table = stream + TABLES + <usize>load<u8>(block, 2) * SLOT_BYTES;
  const columns = load<u32>(stream + COLUMNS);
  const interval = load<u32>(stream + INTERVAL);
  const band = (<u64>-1 >> (63 - last)) & ((<u64>-1) << first);
  const step: i32 = 1 << low;
  let left = load<u32>(stream + LEFT);
  let ended = load<u32>(stream + END_OF_BAND);
  for (let row: u32 = 0; row < rows; row++)
    for (let column: u32 = 0; column < columns; column++) {
      if (interval !== 0) {
        if (left === 0) {
          resumeAt(p, a, b);
          if (!restart(stream)) return BAD_RESTART;
          p = position;
          a = 0;
          b = 0;
          left = interval;
          ended = 0;
        }
        left--;
      }
      const into = coefficientsOf(block, column, row);
      // What is not 0 and still lies ahead; each takes a bit of its own.
      let known = notZero(into) & band;
      let k = first;
      while (ended === 0 && k <= last) {
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
        let entry = load<u32>(table + ((<usize>(a >> (64 - FAST_BITS))) << 2));
        let run = (entry >> 8) & 255;
        let value: i32 = 0;
        if (entry > 0xffff) {
          value = <i32>(<i8>(entry >> 16));
          if (value !== 1 && value !== -1) return BAD_CODE;
          a <<= entry & 255;
          b -= entry & 255;
        } else {
          if (entry === 0) {
            entry = longSymbol(table, a);
            if (entry === 0) return BAD_CODE;
          }
          a <<= entry & 255;
          b -= entry & 255;
          run = entry >> 12;
          const size = (entry >> 8) & 15;
          if (size > 1) return BAD_CODE;
          if (size === 1) {
            value = a >> 63 !== 0 ? 1 : -1;
            a <<= 1;
            b--;
          } else if (run < 15) {
            ended = 1 << run;
            if (run > 0) ended += <u32>(a >> (64 - run));
            a <<= run;
            b -= run;
            break;
          }
        }
        // Past `run` zeros, and past what is not 0 among them.
        for (;;) {
          const next = known === 0 ? last + 1 : <u32>ctz(known);
          if (run < next - k) {
            k += run;
            break;
          }
          run -= next - k;
          k = next;
          if (k > last) break;
          if (b < 1) {
            refillFrom(p, a, b);
            p = position;
            a = accumulator;
            b = bits;
          }
          refine(into + (k << 1), step, a);
          a <<= 1;
          b--;
          known &= known - 1;
          k++;
        }
        if (value !== 0) {
          if (k > last) return BAD_CODE;
          store<i16>(into + (k << 1), <i16>(value << low));
        }
        k++;
      }
      if (ended > 0) {
        for (; known !== 0; known &= known - 1) {
          if (b < 1) {
            refillFrom(p, a, b);
            p = position;
            a = accumulator;
            b = bits;
          }
          refine(into + ((<usize>ctz(known)) << 1), step, a);
          a <<= 1;
          b--;
        }
        ended--;
      }
      if (b < zeros) return DATA_END;
    }
  resumeAt(p, a, b);
  suspend(stream);
  return OK;
}

/** One step away from 0 where the window's first bit says so, and the coefficient does not have that bit. */
function refine(at: usize, step: i32, window: u64): void {
  const value: i32 = load<i16>(at);
  const sign = value >> 31;
  const more = step & -(<i32>(window >> 63)) & ~(value & step);
  store<i16>(at, <i16>(value + ((more ^ sign) - sign)));
}
