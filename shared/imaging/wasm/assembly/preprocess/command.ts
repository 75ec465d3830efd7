/**
 * AssemblyScript: the preprocessing kernel as a WASI command. A picture comes on standard input and leaves on standard
 * output; docs/guides/preprocessing.md describes the options. Ends with 1 for a bad picture and 2 for a wrong option.
 */

import { greyscale } from "./greyscale";
import { DYNAMIC, INPUT, SHA } from "./memory-map";
import {
  pictureChannels,
  pictureHeight,
  pictureWidth,
  readHead,
  readRows,
  rowsAtOnce,
  writePicture,
} from "./pnm";
import { openResize, resized, resizeRows, turnResized } from "./resize";
import { shaBegin, shaEnd } from "./sha256";
import { openTurn, turnNext } from "./turn";
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
  readRest,
  say,
  sayHex,
  takeArguments,
} from "./wasi";

const USAGE: string =
  "give at least one of: --resize SIDE (longest, 1 to 65535), --orientation 1..8, --grey, --sha256";

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

/** Of a picture whose longest side becomes `side`: never larger, at least one pixel. */
function shrunk(length: u32, longest: u32): u32 {
  if (longest <= side) return length;
  return max<u32>(1, <u32>((<u64>length * side * 2 + longest) / (<u64>longest * 2)));
}

function transform(): void {
  readHead();
  const width = pictureWidth();
  const height = pictureHeight();
  const channels = pictureChannels();
  const tag = max<u32>(1, orientation);
  const resizing = side > 0;
  const toWidth = resizing ? shrunk(width, max<u32>(width, height)) : width;
  const toHeight = resizing ? shrunk(height, max<u32>(width, height)) : height;
  if (!(resizing ? openResize(width, height, toWidth, toHeight) : openTurn(width, height, tag)))
    fail(BAD_INPUT, "there is not enough memory for this picture");
  for (let row: u32 = 0; row < height; ) {
    const rows = min<u32>(rowsAtOnce(), height - row);
    readRows(rows);
    if (resizing) resizeRows(INPUT, rows);
    else turnNext(rows);
    row += rows;
  }
  let at = resizing ? resized() : DYNAMIC;
  if (resizing && tag !== 1) at = turnResized(tag);
  if (at === 0) fail(BAD_INPUT, "there is not enough memory for this picture");
  if (grey) greyscale(at, toWidth * toHeight);
  const swapped = tag >= 5;
  const depth = grey ? (channels & 1 ? 1 : 2) : channels;
  writePicture(at, swapped ? toHeight : toWidth, swapped ? toWidth : toHeight, depth);
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
  if (transforms) transform();
  if (hash) writeHash(transforms ? COMPLAINTS : OUT);
}
