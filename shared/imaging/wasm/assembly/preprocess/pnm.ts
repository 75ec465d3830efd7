/**
 * AssemblyScript: reads and writes the Netpbm formats of 8 bits: PGM (P5), PPM (P6) and PAM (P7; grey, grey with alpha,
 * RGB, RGB with alpha, told apart by DEPTH).
 */

import { INPUT, INPUT_BYTES, MOST_PIXELS } from "./memory-map";
import { BAD_INPUT, fail, OUT, read, readByte, say, sayNumber, write } from "./wasi";

let width: u32 = 0;
let height: u32 = 0;
let channels: u32 = 0;
/** The byte that ended the last word. */
let ending: i32 = 0;
/** A word's first eight letters. */
let letters: u64 = 0;
let wordLength: u32 = 0;

export function pictureWidth(): u32 {
  return width;
}

export function pictureHeight(): u32 {
  return height;
}

export function pictureChannels(): u32 {
  return channels;
}

function isSpace(byte: i32): bool {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** The next word; comments (`#` to the line's end) are passed over. */
function readWord(): void {
  let byte = readByte();
  while (isSpace(byte) || byte === 35) {
    if (byte === 35) while (byte !== 10 && byte !== -1) byte = readByte();
    else byte = readByte();
  }
  letters = 0;
  wordLength = 0;
  while (byte !== -1 && !isSpace(byte)) {
    if (wordLength < 8) letters = (letters << 8) | byte;
    if (++wordLength > 64) break;
    byte = readByte();
  }
  if (wordLength === 0) fail(BAD_INPUT, "the picture's head is not complete");
  ending = byte;
}

function word(text: string): u64 {
  let value: u64 = 0;
  for (let i = 0; i < text.length && i < 8; i++)
    value = (value << 8) | load<u8>(changetype<usize>(text) + ((<usize>i) << 1));
  return value;
}

/** From 1 to 65,535. */
function readNumber(): u32 {
  readWord();
  let value: u32 = 0;
  for (let i: u32 = min<u32>(wordLength, 8); i > 0; i--) {
    const digit = (<u32>(letters >> ((i - 1) << 3)) & 255) - 48;
    if (digit > 9) fail(BAD_INPUT, "a number in the picture's head is none");
    value = value * 10 + digit;
  }
  if (wordLength > 8 || value === 0 || value > MOST_PIXELS)
    fail(BAD_INPUT, "a number in the picture's head is not from 1 to 65535");
  return value;
}

function readPamHead(): void {
  let deepest: u32 = 0;
  for (;;) {
    readWord();
    if (letters === word("ENDHDR")) break;
    if (letters === word("WIDTH")) width = readNumber();
    else if (letters === word("HEIGHT")) height = readNumber();
    else if (letters === word("DEPTH")) channels = readNumber();
    else if (letters === word("MAXVAL")) deepest = readNumber();
    else if (letters === word("TUPLTYPE")) readWord();
    else fail(BAD_INPUT, "the picture's head has an unknown line");
  }
  if (width === 0 || height === 0 || channels === 0 || channels > 4 || deepest !== 255)
    fail(BAD_INPUT, "a PAM needs WIDTH, HEIGHT, a DEPTH from 1 to 4 and a MAXVAL of 255");
}

/** Reads a head, up to the first pixel. */
export function readHead(): void {
  readWord();
  if (letters === word("P7")) readPamHead();
  else {
    if (letters === word("P5")) channels = 1;
    else if (letters === word("P6")) channels = 3;
    else fail(BAD_INPUT, "the picture is none: JPEG, PGM (P5), PPM (P6) and PAM (P7) are read");
    width = readNumber();
    height = readNumber();
    if (readNumber() !== 255) fail(BAD_INPUT, "only samples of 8 bits (a MAXVAL of 255) are read");
  }
  if (!isSpace(ending)) fail(BAD_INPUT, "the picture's head is not complete");
}

/** Rows that fit into INPUT as RGBA. */
export function rowsAtOnce(): u32 {
  return <u32>(INPUT_BYTES / ((<usize>width) << 2));
}

/** Reads `rows` rows into INPUT, as RGBA. */
export function readRows(rows: u32): void {
  const pixels = width * rows;
  const bytes = <usize>(pixels * channels);
  if (read(INPUT, bytes) < bytes) fail(BAD_INPUT, "the picture's end is missing");
  if (channels === 4) return;
  // From the last one on, so that nothing is written over that is still to be read.
  let from = INPUT + bytes;
  let to = INPUT + ((<usize>pixels) << 2);
  while (to > INPUT) {
    from -= channels;
    to -= 4;
    const first: u32 = load<u8>(from);
    if (channels === 3)
      store<u32>(to, first | ((<u32>load<u8>(from, 1)) << 8) | ((<u32>load<u8>(from, 2)) << 16) | 0xff000000);
    else store<u32>(to, (first * 0x010101) | (channels === 2 ? (<u32>load<u8>(from, 1)) << 24 : 0xff000000));
  }
}

/** Writes the RGBA pixels at `at` in `depth` channels; they are not left as they were. */
export function writePicture(at: usize, wide: u32, high: u32, depth: u32): void {
  if (depth === 1 || depth === 3) {
    say(OUT, depth === 1 ? "P5\n" : "P6\n");
    sayNumber(OUT, wide);
    say(OUT, " ");
    sayNumber(OUT, high);
    say(OUT, "\n255\n");
  } else {
    say(OUT, "P7\nWIDTH ");
    sayNumber(OUT, wide);
    say(OUT, "\nHEIGHT ");
    sayNumber(OUT, high);
    say(OUT, "\nDEPTH ");
    sayNumber(OUT, depth);
    say(OUT, depth === 2 ? "\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA" : "\nMAXVAL 255\nTUPLTYPE RGB_ALPHA");
    say(OUT, "\nENDHDR\n");
  }
  const pixels = <usize>wide * high;
  let to = at;
  if (depth < 4)
    for (let from = at, end = at + (pixels << 2); from < end; from += 4, to += depth) {
      const pixel = load<u32>(from);
      store<u8>(to, <u8>pixel);
      if (depth === 2) store<u8>(to, <u8>(pixel >> 24), 1);
      if (depth === 3) store<u16>(to, <u16>(pixel >> 8), 1);
    }
  write(OUT, at, pixels * depth);
}
