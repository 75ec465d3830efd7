/**
 * AssemblyScript: lays a colour over one block of coefficients. The cosine transform is linear, so only the change is
 * transformed, quantised and added: where the colour changes nothing, no coefficient moves, and nothing is rounded
 * twice.
 */

import { ALPHA, COEFFICIENTS, QUANT, WORK } from "./memory-map";

/** cos(iπ/16) / 2, and √½ / 2: the orthonormal transform of T.81, A.3.3. */
const R: f32 = 0.35355339059327373;
const K1: f32 = 0.4903926402016152;
const K2: f32 = 0.46193976625564337;
const K3: f32 = 0.4157348061512726;
const K5: f32 = 0.2777851165098011;
const K6: f32 = 0.19134171618254492;
const K7: f32 = 0.09754516100806417;

/** Eight values `step` bytes apart, from frequencies to samples. */
function inverse(at: usize, step: usize): void {
  const x0 = load<f32>(at);
  const x1 = load<f32>(at + step);
  const x2 = load<f32>(at + 2 * step);
  const x3 = load<f32>(at + 3 * step);
  const x4 = load<f32>(at + 4 * step);
  const x5 = load<f32>(at + 5 * step);
  const x6 = load<f32>(at + 6 * step);
  const x7 = load<f32>(at + 7 * step);
  const sum = R * (x0 + x4);
  const difference = R * (x0 - x4);
  const a = K2 * x2 + K6 * x6;
  const b = K6 * x2 - K2 * x6;
  const e0 = sum + a;
  const e1 = difference + b;
  const e2 = difference - b;
  const e3 = sum - a;
  const o0 = K1 * x1 + K3 * x3 + K5 * x5 + K7 * x7;
  const o1 = K3 * x1 - K7 * x3 - K1 * x5 - K5 * x7;
  const o2 = K5 * x1 - K1 * x3 + K7 * x5 + K3 * x7;
  const o3 = K7 * x1 - K5 * x3 + K3 * x5 - K1 * x7;
  store<f32>(at, e0 + o0);
  store<f32>(at + step, e1 + o1);
  store<f32>(at + 2 * step, e2 + o2);
  store<f32>(at + 3 * step, e3 + o3);
  store<f32>(at + 4 * step, e3 - o3);
  store<f32>(at + 5 * step, e2 - o2);
  store<f32>(at + 6 * step, e1 - o1);
  store<f32>(at + 7 * step, e0 - o0);
}

/** Eight values `step` bytes apart, from samples to frequencies. */
function forward(at: usize, step: usize): void {
  const x0 = load<f32>(at);
  const x1 = load<f32>(at + step);
  const x2 = load<f32>(at + 2 * step);
  const x3 = load<f32>(at + 3 * step);
  const x4 = load<f32>(at + 4 * step);
  const x5 = load<f32>(at + 5 * step);
  const x6 = load<f32>(at + 6 * step);
  const x7 = load<f32>(at + 7 * step);
  const s0 = x0 + x7;
  const s1 = x1 + x6;
  const s2 = x2 + x5;
  const s3 = x3 + x4;
  const d0 = x0 - x7;
  const d1 = x1 - x6;
  const d2 = x2 - x5;
  const d3 = x3 - x4;
  store<f32>(at, R * (s0 + s1 + s2 + s3));
  store<f32>(at + step, K1 * d0 + K3 * d1 + K5 * d2 + K7 * d3);
  store<f32>(at + 2 * step, K2 * (s0 - s3) + K6 * (s1 - s2));
  store<f32>(at + 3 * step, K3 * d0 - K7 * d1 - K1 * d2 - K5 * d3);
  store<f32>(at + 4 * step, R * (s0 - s1 - s2 + s3));
  store<f32>(at + 5 * step, K5 * d0 - K1 * d1 + K7 * d2 + K3 * d3);
  store<f32>(at + 6 * step, K6 * (s0 - s3) - K2 * (s1 - s2));
  store<f32>(at + 7 * step, K7 * d0 - K5 * d1 + K3 * d2 - K1 * d3);
}

/** Block `index` of COEFFICIENTS, of component `component`; `color` is the sample's value, 0 to 255. */
export function blend(index: u32, component: u32, color: f32): void {
  const coefficients = COEFFICIENTS + ((<usize>index) << 7);
  const quant = QUANT + ((<usize>component) << 8);
  for (let i: usize = 0; i < 64; i++)
    store<f32>(WORK + (i << 2), <f32>load<i16>(coefficients + (i << 1)) * load<f32>(quant + (i << 2)));
  for (let i: usize = 0; i < 8; i++) inverse(WORK + (i << 5), 4);
  for (let i: usize = 0; i < 8; i++) inverse(WORK + (i << 2), 32);
  const shifted = color - 128;
  for (let at: usize = 0; at < 256; at += 4)
    store<f32>(WORK + at, load<f32>(ALPHA + at) * (shifted - load<f32>(WORK + at)));
  for (let i: usize = 0; i < 8; i++) forward(WORK + (i << 2), 32);
  for (let i: usize = 0; i < 8; i++) forward(WORK + (i << 5), 4);
  for (let i: usize = 0; i < 64; i++) {
    const at = coefficients + (i << 1);
    const change = nearest<f32>(load<f32>(WORK + (i << 2)) / load<f32>(quant + (i << 2)));
    store<i16>(at, <i16>min<i32>(2047, max<i32>(-2047, load<i16>(at) + <i32>change)));
  }
}
