/** AssemblyScript: what a command needs of WASI (preview 1): arguments, standard input and output, an end. */

import { DYNAMIC, READ_AHEAD, READ_AHEAD_BYTES, reachTo } from "./memory-map";
import { shaUpdate } from "./sha256";
import { args_get, args_sizes_get, fd_read, fd_write, proc_exit } from "./wasi_snapshot_preview1";

/** One piece (address, length), and how much of it was done. */
const PIECE: usize = 0x4300;
const DONE: usize = 0x4308;
const TEXT: usize = 0x4400;
const TEXT_BYTES: i32 = 512;

export const OUT: u32 = 1;
export const COMPLAINTS: u32 = 2;
export const BAD_INPUT: u32 = 1;
export const BAD_USE: u32 = 2;

/** Writes all of it; ends the program when nobody reads. */
export function write(file: u32, at: usize, length: usize): void {
  while (length > 0) {
    store<u32>(PIECE, <u32>at);
    store<u32>(PIECE, <u32>length, 4);
    if (fd_write(file, PIECE, 1, DONE) !== 0) proc_exit(BAD_INPUT);
    const done = <usize>load<u32>(DONE);
    at += done;
    length -= done;
  }
}

/** Plain ASCII, at most 512 characters. */
export function say(file: u32, text: string): void {
  const length = min<i32>(text.length, TEXT_BYTES);
  for (let i = 0; i < length; i++) store<u8>(TEXT + i, load<u8>(changetype<usize>(text) + ((<usize>i) << 1)));
  write(file, TEXT, length);
}

/** In decimal digits. */
export function sayNumber(file: u32, value: u32): void {
  let at: usize = TEXT + 16;
  do {
    store<u8>(--at, <u8>(48 + (value % 10)));
    value /= 10;
  } while (value > 0);
  write(file, at, TEXT + 16 - at);
}

/** Up to 256 bytes, in hexadecimal digits. */
export function sayHex(file: u32, at: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i++) {
    store<u8>(TEXT + (i << 1), hexDigit(load<u8>(at + i) >> 4));
    store<u8>(TEXT + (i << 1), hexDigit(load<u8>(at + i) & 15), 1);
  }
  write(file, TEXT, bytes << 1);
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 48 + value : 87 + value;
}

/** Says why on standard error and ends. */
export function fail(status: u32, message: string): void {
  say(COMPLAINTS, "preprocess: ");
  say(COMPLAINTS, message);
  say(COMPLAINTS, "\n");
  proc_exit(status);
  unreachable();
}

let argumentCount: u32 = 0;

/** Takes the arguments to DYNAMIC; they are gone as soon as anything else takes it. */
export function takeArguments(): u32 {
  args_sizes_get(PIECE, DONE);
  argumentCount = load<u32>(PIECE);
  const addresses = (<usize>argumentCount) << 2;
  if (!reachTo(DYNAMIC + <u64>addresses + load<u32>(DONE))) fail(BAD_USE, "too many arguments");
  args_get(DYNAMIC, DYNAMIC + addresses);
  return argumentCount;
}

/** Where argument `index` lies; it ends with a 0. */
export function argument(index: u32): usize {
  return <usize>load<u32>(DYNAMIC + ((<usize>index) << 2));
}

/** True when the characters at `at` are `text` and then a 0. */
export function isText(at: usize, text: string): bool {
  for (let i = 0; i < text.length; i++, at++)
    if (<i32>load<u8>(at) !== <i32>load<u16>(changetype<usize>(text) + ((<usize>i) << 1))) return false;
  return load<u8>(at) === 0;
}

/** The decimal number at `at`, which a 0 must follow. 0 for anything else, and above 65,535. */
export function numberAt(at: usize): u32 {
  let value: u32 = 0;
  for (; load<u8>(at) !== 0; at++) {
    const digit = <u32>load<u8>(at) - 48;
    if (digit > 9) return 0;
    value = value * 10 + digit;
    if (value > 65_535) return 0;
  }
  return value;
}

let next: usize = READ_AHEAD;
let end: usize = READ_AHEAD;
let hashing: bool = false;

/** From now on all that is read is hashed. */
export function hashInput(): void {
  hashing = true;
}

/** Reads behind what is there. False at the end of standard input. */
function readMore(): bool {
  store<u32>(PIECE, <u32>end);
  store<u32>(PIECE, <u32>(READ_AHEAD + READ_AHEAD_BYTES - end), 4);
  if (fd_read(0, PIECE, 1, DONE) !== 0) fail(BAD_INPUT, "standard input cannot be read");
  const length = <usize>load<u32>(DONE);
  if (hashing) shaUpdate(end, length);
  end += length;
  return length > 0;
}

/** Reads in place of what has been taken. False at the end of standard input. */
function readAhead(): bool {
  next = READ_AHEAD;
  end = READ_AHEAD;
  return readMore();
}

/** The next byte of standard input, -1 at its end. */
export function readByte(): i32 {
  if (next === end && !readAhead()) return -1;
  return load<u8>(next++);
}

/** The first two bytes of standard input, big-endian; they are still to be read. 0 when there are not both. */
export function peekTwo(): u32 {
  while (end - next < 2 && readMore()) {}
  return end - next < 2 ? 0 : ((<u32>load<u8>(next)) << 8) | load<u8>(next, 1);
}

/** Reads `length` bytes to `at`. Answers how many there were. */
export function read(at: usize, length: usize): usize {
  let done: usize = 0;
  while (done < length) {
    if (next === end && !readAhead()) break;
    const taken = min<usize>(length - done, end - next);
    memory.copy(at + done, next, taken);
    next += taken;
    done += taken;
  }
  return done;
}

/** Reads to the end. */
export function readRest(): void {
  while (readAhead()) {}
  next = end;
}
