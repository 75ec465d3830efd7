/**
 * AssemblyScript: blocks as samples, and changes of samples as changes of coefficients. The cosine transform is linear,
 * so only the change is transformed, quantised and added: where nothing changes, no coefficient moves, and nothing is
 * rounded twice.
 */

import { COEFFICIENTS, QUANT, REMAINDERS, SAMPLES, WORK } from "./memory-map";

/** cos(iπ/16) / 2, and √½ / 2: the orthonormal transform of T.81, A.3.3. */
const R: f32 = 0.35355339059327373;
const K1: f32 = 0.4903926402016152;
const K2: f32 = 0.46193976625564337;
const K3: f32 = 0.4157348061512726;
const K5: f32 = 0.2777851165098011;
const K6: f32 = 0.19134171618254492;
const K7: f32 = 0.09754516100806417;

/** `factor` times four values. */
function times(factor: f32, values: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), values);
}

/** Four columns of eight rows at `at`, 32 bytes a row, from frequencies to samples. */
function inverse(at: usize): void {
  const x0 = v128.load(at);
  const x1 = v128.load(at, 32);
  const x2 = v128.load(at, 64);
  const x3 = v128.load(at, 96);
  const x4 = v128.load(at, 128);
  const x5 = v128.load(at, 160);
  const x6 = v128.load(at, 192);
  const x7 = v128.load(at, 224);
  const sum = times(R, f32x4.add(x0, x4));
  const difference = times(R, f32x4.sub(x0, x4));
  const a = f32x4.add(times(K2, x2), times(K6, x6));
  const b = f32x4.sub(times(K6, x2), times(K2, x6));
  const e0 = f32x4.add(sum, a);
  const e1 = f32x4.add(difference, b);
  const e2 = f32x4.sub(difference, b);
  const e3 = f32x4.sub(sum, a);
  const o0 = f32x4.add(f32x4.add(times(K1, x1), times(K3, x3)), f32x4.add(times(K5, x5), times(K7, x7)));
  const o1 = f32x4.sub(f32x4.sub(times(K3, x1), times(K7, x3)), f32x4.add(times(K1, x5), times(K5, x7)));
  const o2 = f32x4.add(f32x4.sub(times(K5, x1), times(K1, x3)), f32x4.add(times(K7, x5), times(K3, x7)));
  const o3 = f32x4.add(f32x4.sub(times(K7, x1), times(K5, x3)), f32x4.sub(times(K3, x5), times(K1, x7)));
  v128.store(at, f32x4.add(e0, o0));
  v128.store(at, f32x4.add(e1, o1), 32);
  v128.store(at, f32x4.add(e2, o2), 64);
  v128.store(at, f32x4.add(e3, o3), 96);
  v128.store(at, f32x4.sub(e3, o3), 128);
  v128.store(at, f32x4.sub(e2, o2), 160);
  v128.store(at, f32x4.sub(e1, o1), 192);
  v128.store(at, f32x4.sub(e0, o0), 224);
}

/** Four columns of eight rows at `at`, 32 bytes a row, from samples to frequencies. */
function forward(at: usize): void {
  const x0 = v128.load(at);
  const x1 = v128.load(at, 32);
  const x2 = v128.load(at, 64);
  const x3 = v128.load(at, 96);
  const x4 = v128.load(at, 128);
  const x5 = v128.load(at, 160);
  const x6 = v128.load(at, 192);
  const x7 = v128.load(at, 224);
  const s0 = f32x4.add(x0, x7);
  const s1 = f32x4.add(x1, x6);
  const s2 = f32x4.add(x2, x5);
  const s3 = f32x4.add(x3, x4);
  const d0 = f32x4.sub(x0, x7);
  const d1 = f32x4.sub(x1, x6);
  const d2 = f32x4.sub(x2, x5);
  const d3 = f32x4.sub(x3, x4);
  const t0 = f32x4.add(s0, s3);
  const t1 = f32x4.add(s1, s2);
  const t2 = f32x4.sub(s1, s2);
  const t3 = f32x4.sub(s0, s3);
  v128.store(at, times(R, f32x4.add(t0, t1)));
  v128.store(
    at,
    f32x4.add(f32x4.add(times(K1, d0), times(K3, d1)), f32x4.add(times(K5, d2), times(K7, d3))),
    32,
  );
  v128.store(at, f32x4.add(times(K2, t3), times(K6, t2)), 64);
  v128.store(
    at,
    f32x4.sub(f32x4.sub(times(K3, d0), times(K7, d1)), f32x4.add(times(K1, d2), times(K5, d3))),
    96,
  );
  v128.store(at, times(R, f32x4.sub(t0, t1)), 128);
  v128.store(
    at,
    f32x4.add(f32x4.sub(times(K5, d0), times(K1, d1)), f32x4.add(times(K7, d2), times(K3, d3))),
    160,
  );
  v128.store(at, f32x4.sub(times(K6, t3), times(K2, t2)), 192);
  v128.store(
    at,
    f32x4.add(f32x4.sub(times(K7, d0), times(K5, d1)), f32x4.sub(times(K3, d2), times(K1, d3))),
    224,
  );
}

/** Copies four by four values from `from`, 32 bytes a row, to `to`, rows and columns swapped. */
function transposeQuarter(from: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from, 32);
  const c = v128.load(from, 64);
  const d = v128.load(from, 96);
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to, i64x2.shuffle(ab, cd, 1, 3), 32);
  v128.store(to, i64x2.shuffle(abHigh, cdHigh, 0, 2), 64);
  v128.store(to, i64x2.shuffle(abHigh, cdHigh, 1, 3), 96);
}

function transpose(from: usize, to: usize): void {
  transposeQuarter(from, to);
  transposeQuarter(from + 16, to + 128);
  transposeQuarter(from + 128, to + 16);
  transposeQuarter(from + 144, to + 144);
}

/** Decodes block `index` of COEFFICIENTS, of component `component`, into SAMPLES: column behind column. */
export function toSamples(index: u32, component: u32): void {
  const coefficients = COEFFICIENTS + ((<usize>index) << 7);
  const quant = QUANT + ((<usize>component) << 8);
  const samples = SAMPLES + ((<usize>index) << 8);
  for (let i: usize = 0; i < 64; i += 4) {
    const values = f32x4.convert_i32x4_s(v128.load_ext<i16>(coefficients + (i << 1)));
    v128.store(WORK + (i << 2), f32x4.mul(values, v128.load(quant + (i << 2))));
  }
  inverse(WORK);
  inverse(WORK + 16);
  transpose(WORK, samples);
  inverse(samples);
  inverse(samples + 16);
}

/** Adds the changes in SAMPLES, column behind column, to block `index` of COEFFICIENTS. */
export function addChanges(index: u32, component: u32): void {
  const coefficients = COEFFICIENTS + ((<usize>index) << 7);
  const quant = QUANT + ((<usize>component) << 8);
  const samples = SAMPLES + ((<usize>index) << 8);
  const remainders = REMAINDERS + ((<usize>index) << 8);
  forward(samples);
  forward(samples + 16);
  transpose(samples, WORK);
  forward(WORK);
  forward(WORK + 16);
  for (let i: usize = 0; i < 64; i++) {
    const at = coefficients + (i << 1);
    const change = load<f32>(WORK + (i << 2)) / load<f32>(quant + (i << 2));
    const rounded = nearest<f32>(change);
    store<f32>(remainders + (i << 2), change - rounded);
    store<i16>(at, <i16>min<i32>(2047, max<i32>(-2047, load<i16>(at) + <i32>rounded)));
  }
}
