/**
 * AssemblyScript: the preprocessing kernel as a WASI command. A picture comes on standard input and leaves on standard
 * output; docs/guides/preprocessing.md describes the options. Ends with 1 for a bad picture and 2 for a wrong option.
 */

import { greyscale } from "./greyscale";
import { decodeJpeg, openJpeg, shrinkJpeg, shrunkHeight, shrunkWidth, spanX, spanY } from "./jpeg-decode";
import { components, exifOrientation, frameHeight, frameWidth } from "./jpeg-frame";
import { free, hold, reachTo, SHA } from "./memory-map";
import {
  pictureChannels,
  pictureHeight,
  pictureWidth,
  readHead,
  readRows,
  rowsAtOnce,
  writePicture,
} from "./pnm";
import { shaBegin, shaEnd } from "./sha256";
import { closeSink, openSink, takeRows } from "./sink";
import {
  argument,
  BAD_INPUT,
  BAD_USE,
  COMPLAINTS,
  fail,
  hashInput,
  isText,
  numberAt,
  OUT,
  peekTwo,
  read,
  readRest,
  say,
  sayHex,
  takeArguments,
} from "./wasi";

const USAGE: string =
  "give at least one of: --resize SIDE (longest, 1 to 65535), --orientation 1..8, --grey, --sha256";

const JPEG_START: u32 = 0xffd8;
/** Bytes of a file that are read at once. */
const PIECE: usize = 0x40000;

let side: u32 = 0;
let orientation: u32 = 0;
let grey: bool = false;
let hash: bool = false;

function readOptions(): void {
  const count = takeArguments();
  for (let i: u32 = 1; i < count; i++) {
    const option = argument(i);
    if (isText(option, "--grey")) grey = true;
    else if (isText(option, "--sha256")) hash = true;
    else {
      const value = i + 1 < count ? numberAt(argument(i + 1)) : 0;
      i++;
      if (isText(option, "--resize") && value > 0) side = value;
      else if (isText(option, "--orientation") && value > 0 && value <= 8) orientation = value;
      else fail(BAD_USE, USAGE);
    }
  }
  if (side === 0 && orientation === 0 && !grey && !hash) fail(BAD_USE, USAGE);
}

/** Of a picture whose longest side becomes `side`, if it is given: never larger, at least one pixel. */
function shrunk(length: u32, longest: u32): u32 {
  if (side === 0 || longest <= side) return length;
  return max<u32>(1, <u32>((<u64>length * side * 2 + longest) / (<u64>longest * 2)));
}

/** A Netpbm picture, row by row as it comes. */
function transformNetpbm(): void {
  readHead();
  const width = pictureWidth();
  const height = pictureHeight();
  const tag = max<u32>(1, orientation);
  const longest = max<u32>(width, height);
  openSink(width, height, shrunk(width, longest), shrunk(height, longest), tag, width, height);
  for (let row: u32 = 0; row < height; ) {
    const rows = min<u32>(rowsAtOnce(), height - row);
    readRows(rows);
    takeRows(rows);
    row += rows;
  }
  writeUpright(shrunk(width, longest), shrunk(height, longest), tag, pictureChannels());
}

/** A JPEG, all of it at hand; as upright as its EXIF says, unless an option says otherwise. */
function transformJpeg(): void {
  const from = free();
  let end = from;
  for (;;) {
    if (!reachTo(<u64>end + PIECE)) fail(BAD_INPUT, "there is not enough memory for this picture");
    const length = read(end, PIECE);
    end += length;
    if (length < PIECE) break;
  }
  hold(end);
  openJpeg(from, end);
  shrinkJpeg(side);
  const tag = orientation > 0 ? orientation : exifOrientation;
  const longest = max<u32>(frameWidth, frameHeight);
  const toWidth = shrunk(frameWidth, longest);
  const toHeight = shrunk(frameHeight, longest);
  openSink(shrunkWidth(), shrunkHeight(), toWidth, toHeight, tag, spanX(), spanY());
  decodeJpeg();
  writeUpright(toWidth, toHeight, tag, components === 1 ? 1 : 3);
}

function writeUpright(width: u32, height: u32, tag: u32, channels: u32): void {
  const at = closeSink(tag);
  if (grey) greyscale(at, width * height);
  const swapped = tag >= 5;
  const depth = grey ? (channels & 1 ? 1 : 2) : channels;
  writePicture(at, swapped ? height : width, swapped ? width : height, depth);
}

/** The hash of all of standard input; on standard error where a picture goes to standard output. */
function writeHash(file: u32): void {
  readRest();
  shaEnd();
  sayHex(file, SHA, 32);
  say(file, "\n");
}

export function _start(): void {
  readOptions();
  if (hash) {
    shaBegin();
    hashInput();
  }
  const transforms = side > 0 || orientation > 0 || grey;
  if (transforms) {
    if (peekTwo() === JPEG_START) transformJpeg();
    else transformNetpbm();
  }
  if (hash) writeHash(transforms ? COMPLAINTS : OUT);
}
