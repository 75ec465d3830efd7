/** AssemblyScript: where rows of RGBA go, whatever picture they come from: through the filter, or straight upright. */

import { free, INPUT } from "./memory-map";
import { openSpan, resized, resizeRows, turnResized } from "./resize";
import { openTurn, turnNext } from "./turn";
import { BAD_INPUT, fail } from "./wasi";

let resizing: bool = false;

/** Sizes as stored. `spanX` and `spanY`: see `openSpan`; `width` and `height` of whole pixels. */
export function openSink(
  width: u32,
  height: u32,
  toWidth: u32,
  toHeight: u32,
  orientation: u32,
  spanX: f64,
  spanY: f64,
): void {
  resizing = width !== toWidth || height !== toHeight;
  const opened = resizing
    ? openSpan(width, height, toWidth, toHeight, spanX, spanY)
    : openTurn(width, height, orientation);
  if (!opened) fail(BAD_INPUT, "there is not enough memory for this picture");
}

/** Takes the next rows out of INPUT. */
export function takeRows(rows: u32): void {
  if (resizing) resizeRows(INPUT, rows);
  else turnNext(rows);
}

/** Where the result lies, upright. */
export function closeSink(orientation: u32): usize {
  if (!resizing) return free();
  if (orientation === 1) return resized();
  const at = turnResized(orientation);
  if (at === 0) fail(BAD_INPUT, "there is not enough memory for this picture");
  return at;
}
