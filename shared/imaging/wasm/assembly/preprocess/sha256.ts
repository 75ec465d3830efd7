/** AssemblyScript: SHA-256 (FIPS 180-4, 6.2) over any number of pieces. All numbers there are big-endian. */

import { SHA, SHA_BLOCK, SHA_LENGTH, SHA_SCHEDULE } from "./memory-map";

const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** 5.3.3. */
const START: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

export function shaBegin(): void {
  memory.copy(SHA, START, 32);
  store<u64>(SHA_LENGTH, 0);
}

function choice(x: u32, y: u32, z: u32): u32 {
  return z ^ (x & (y ^ z));
}

function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) | (z & (x | y));
}

function sum0(x: u32): u32 {
  return rotr<u32>(x, 2) ^ rotr<u32>(x, 13) ^ rotr<u32>(x, 22);
}

function sum1(x: u32): u32 {
  return rotr<u32>(x, 6) ^ rotr<u32>(x, 11) ^ rotr<u32>(x, 25);
}

/** Round `t` of the eight whose constants and words lie at `k` and `w`, but for what is added to it. */
function first(e: u32, f: u32, g: u32, at: usize, t: usize): u32 {
  return sum1(e) + choice(e, f, g) + load<u32>(K + at + (t << 2)) + load<u32>(SHA_SCHEDULE + at + (t << 2));
}

function second(a: u32, b: u32, c: u32): u32 {
  return sum0(a) + majority(a, b, c);
}

function hashBlock(block: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<u32>(SHA_SCHEDULE + at, bswap<u32>(load<u32>(block + at)));
  for (let at: usize = SHA_SCHEDULE + 64; at < SHA_SCHEDULE + 256; at += 4) {
    const w2 = load<u32>(at - 8);
    const w15 = load<u32>(at - 60);
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >> 10);
    store<u32>(at, s1 + load<u32>(at - 28) + s0 + load<u32>(at - 64));
  }
  let a = load<u32>(SHA);
  let b = load<u32>(SHA, 4);
  let c = load<u32>(SHA, 8);
  let d = load<u32>(SHA, 12);
  let e = load<u32>(SHA, 16);
  let f = load<u32>(SHA, 20);
  let g = load<u32>(SHA, 24);
  let h = load<u32>(SHA, 28);
  // Eight rounds bring every variable back to its own place, so nothing is moved about.
  for (let at: usize = 0; at < 256; at += 32) {
    h += first(e, f, g, at, 0);
    d += h;
    h += second(a, b, c);
    g += first(d, e, f, at, 1);
    c += g;
    g += second(h, a, b);
    f += first(c, d, e, at, 2);
    b += f;
    f += second(g, h, a);
    e += first(b, c, d, at, 3);
    a += e;
    e += second(f, g, h);
    d += first(a, b, c, at, 4);
    h += d;
    d += second(e, f, g);
    c += first(h, a, b, at, 5);
    g += c;
    c += second(d, e, f);
    b += first(g, h, a, at, 6);
    f += b;
    b += second(c, d, e);
    a += first(f, g, h, at, 7);
    e += a;
    a += second(b, c, d);
  }
  store<u32>(SHA, load<u32>(SHA) + a);
  store<u32>(SHA, load<u32>(SHA, 4) + b, 4);
  store<u32>(SHA, load<u32>(SHA, 8) + c, 8);
  store<u32>(SHA, load<u32>(SHA, 12) + d, 12);
  store<u32>(SHA, load<u32>(SHA, 16) + e, 16);
  store<u32>(SHA, load<u32>(SHA, 20) + f, 20);
  store<u32>(SHA, load<u32>(SHA, 24) + g, 24);
  store<u32>(SHA, load<u32>(SHA, 28) + h, 28);
}

/** Hashes the `length` bytes at `at`. */
export function shaUpdate(at: usize, length: usize): void {
  const end = at + length;
  const held = <usize>(load<u64>(SHA_LENGTH) & 63);
  store<u64>(SHA_LENGTH, load<u64>(SHA_LENGTH) + length);
  if (held > 0) {
    const taken = min<usize>(64 - held, length);
    memory.copy(SHA_BLOCK + held, at, taken);
    if (held + taken < 64) return;
    hashBlock(SHA_BLOCK);
    at += taken;
  }
  for (; at + 64 <= end; at += 64) hashBlock(at);
  memory.copy(SHA_BLOCK, at, end - at);
}

/** Ends the hash (5.1.1): its 32 bytes then lie at SHA. */
export function shaEnd(): void {
  const length = load<u64>(SHA_LENGTH);
  const held = <usize>(length & 63);
  memory.fill(SHA_BLOCK + held, 0, 64 - held);
  store<u8>(SHA_BLOCK + held, 0x80);
  if (held >= 56) {
    hashBlock(SHA_BLOCK);
    memory.fill(SHA_BLOCK, 0, 64);
  }
  store<u64>(SHA_BLOCK, bswap<u64>(length << 3), 56);
  hashBlock(SHA_BLOCK);
  for (let at: usize = SHA; at < SHA + 32; at += 4) store<u32>(at, bswap<u32>(load<u32>(at)));
}
