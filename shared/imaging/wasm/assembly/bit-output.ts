/** AssemblyScript: what is written of the scan: bits, copied or new, with zeros stuffed in behind bytes of ones. */

import { CODES, FULL, OUTPUT, OUTPUT_BYTES } from "./memory-map";
import { bitsAt, top } from "./scan-input";

let held: u64 = 0;
let heldBits: u32 = 0;
export let written: usize = 0;
/** Bits of the input before it are in the output. */
export let copied: u32 = 0;

export function openOutput(): void {
  // A picture that was given up may have left some.
  written = 0;
  heldBits = 0;
}

/** Gives the writer a fresh OUTPUT; what it holds back of a byte stays. */
export function drain(): void {
  written = 0;
}

export function outputBytes(): u32 {
  return <u32>written;
}

/** Starts an interval's output at bit `from` of the input; bits of its byte that lie before it are copied. */
export function startOutputAt(from: u32): void {
  copied = from;
  heldBits = from & 7;
  held = heldBits === 0 ? 0 : <u64>load<u8>(top - (from >> 3)) >> (8 - heldBits);
}

/** What lies before bit `to` of the input has been written in another way. */
export function skipInput(to: u32): void {
  copied = to;
}

function writeByte(byte: u32): void {
  store<u8>(OUTPUT + written, <u8>byte);
  written++;
  if (byte === 0xff) {
    store<u8>(OUTPUT + written, 0);
    written++;
  }
}

/** `count` up to 32; bits above them are 0. */
export function put(bits: u32, count: u32): void {
  held = (held << count) | bits;
  heldBits += count;
  if (heldBits < 32) return;
  heldBits -= 32;
  const word = <u32>(held >> heldBits);
  const inverse = ~word;
  if (((inverse - 0x01010101) & ~inverse & 0x80808080) === 0) {
    store<u32>(OUTPUT + written, bswap(word));
    written += 4;
    return;
  }
  writeByte(word >> 24);
  writeByte((word >> 16) & 255);
  writeByte((word >> 8) & 255);
  writeByte(word & 255);
}

/** Codes that are others in the output, 8 bytes each: the bit, the AC slot; in order. */
let nextChange: usize = 0;
let endOfChanges: usize = 0;

export function setChanges(from: usize, count: u32): void {
  nextChange = from;
  endOfChanges = from + ((<usize>count) << 3);
}

/** Copies the input up to bit `to`, as far as OUTPUT has room, changing codes on the way. True: all of it. */
export function copyUntil(to: u32): bool {
  for (; nextChange < endOfChanges; nextChange += 8) {
    const at = load<u32>(nextChange);
    if (at >= to) break;
    // What was decoded and coded again is behind us.
    if (at < copied) continue;
    if (!copyBits(at)) return false;
    const slot = <usize>load<u32>(nextChange, 4) + 4;
    const symbol: u32 = load<u16>(FULL + (slot << 17) + ((<usize>(bitsAt(at) >> 48)) << 1));
    const code = load<u32>(CODES + (slot << 10) + ((<usize>(symbol & 255)) << 2));
    put(code & 0xffff, code >> 16);
    copied = at + (symbol >> 8);
  }
  return copyBits(to);
}

function copyBits(to: u32): bool {
  let from = copied;
  if (to > from + 56) {
    flushBytes();
    const ones = ((<i64>0x01010101) << 32) | 0x01010101;
    for (; to - from > 56 && written + 16 <= OUTPUT_BYTES; from += 56) {
      held = (held << 56) | (bitsAt(from) >> 8);
      // Seven bytes, left-aligned; the eighth is none of ones.
      const word = (held >> heldBits) << 8;
      const inverse = ~word;
      if (((inverse - ones) & ~inverse & (ones << 7)) === 0) {
        const bytes = i64x2.splat(word);
        const swapped = i8x16.shuffle(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0);
        v128.store_lane<i64>(OUTPUT + written, swapped, 0);
        written += 7;
      } else for (let shift: u64 = 56; shift > 0; shift -= 8) writeByte(<u32>(word >> shift) & 255);
    }
  }
  while (from < to && written + 16 <= OUTPUT_BYTES) {
    const count = min<u32>(32, to - from);
    put(<u32>(bitsAt(from) >> (64 - count)), count);
    from += count;
  }
  copied = from;
  return from >= to;
}

/** Leaves less than a byte in `held`. */
function flushBytes(): void {
  while (heldBits >= 8) {
    heldBits -= 8;
    writeByte(<u32>(held >> heldBits) & 255);
  }
}

/** Ends an interval's output: its last byte is filled up with ones. */
export function finishOutput(): void {
  flushBytes();
  if (heldBits > 0) writeByte((((<u32>held) << (8 - heldBits)) & 255) | (0xff >> heldBits));
  heldBits = 0;
}
