/**
 * AssemblyScript: grey by luminance: sRGB samples to linear light (IEC 61966-2-1), weighted as Rec. 709 says, and back.
 * Grey pixels stay as they are, to the bit.
 */

import { CURVE, LIGHT } from "./memory-map";

let ready: bool = false;

/** `x` above 0; x^2.4 = x² · (x²)^⅕, the root by Newton's method: the same bits on every machine. */
function power24(x: f64): f64 {
  const square = x * x;
  let root: f64 = 1;
  for (let i = 0; i < 40; i++) {
    const fourth = root * root * root * root;
    root -= (fourth * root - square) / (5 * fourth);
  }
  return square * root;
}

/** From a sample's place between black (0) and white (1) to light. */
function light(place: f64): f64 {
  return place <= 0.04045 ? place / 12.92 : power24((place + 0.055) / 1.055);
}

function makeTables(): void {
  let filled: u32 = 0;
  for (let sample: u32 = 0; sample < 256; sample++) {
    const full = light(<f64>sample / 255) * 65535;
    store<u32>(LIGHT + (sample << 2), <u32>nearest(full * 0.2126 * 4096));
    store<u32>(LIGHT + 1024 + (sample << 2), <u32>nearest(full * 0.7152 * 4096));
    store<u32>(LIGHT + 2048 + (sample << 2), <u32>nearest(full * 0.0722 * 4096));
    const end = sample === 255 ? <u32>65536 : <u32>(light((<f64>sample + 0.5) / 255) * 65535) + 1;
    memory.fill(CURVE + filled, <u8>sample, end - filled);
    filled = end;
  }
  ready = true;
}

/** Makes the RGBA pixels at `at` grey, in place; alpha stays. */
export function greyscale(at: usize, pixels: u32): void {
  if (!ready) makeTables();
  const end = at + ((<usize>pixels) << 2);
  for (; at < end; at += 4) {
    const pixel = load<u32>(at);
    const sum =
      load<u32>(LIGHT + ((pixel & 255) << 2)) +
      load<u32>(LIGHT + 1024 + (((pixel >> 8) & 255) << 2)) +
      load<u32>(LIGHT + 2048 + (((pixel >> 16) & 255) << 2));
    const grey: u32 = load<u8>(CURVE + (sum >> 12));
    store<u32>(at, (grey * 0x010101) | (pixel & 0xff000000));
  }
}
