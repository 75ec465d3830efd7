/**
 * The preprocessing kernel: how fast it starts, megapixels a second of each operation beside sharp on one thread, and
 * the hash beside node:crypto. 24 MP of decoded pixels each; decoding is nobody's part.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { Preprocessor, type RgbaPixels } from "../../shared/imaging/preprocessor.ts";
import { PREPROCESSOR_KERNEL_CODE } from "../../shared/imaging/wasm/preprocessor-kernel-code.ts";
import { printReport, quantile, sampled } from "./report.ts";

const WIDTH = 6000;
const HEIGHT = 4000;
const ROUNDS = 5;
const STARTS = 200;

/** Like a photograph in that neighbours are alike and no two are the same. */
function scene(): RgbaPixels {
  const samples = new Uint8Array(WIDTH * HEIGHT * 4);
  let state = 1;
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    samples[4 * i] = 60 + x / 50 + (state >>> 28);
    samples[4 * i + 1] = 50 + y / 40 + (state >>> 28);
    samples[4 * i + 2] = 120 + (x + y) / 100;
    samples[4 * i + 3] = 255;
  }
  return { width: WIDTH, height: HEIGHT, samples };
}

async function milliseconds(rounds: number, work: () => unknown): Promise<number[]> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times;
}

/** The same module with a number in a section of its own: engines remember modules that they have compiled. */
function unseen(wasm: Uint8Array<ArrayBuffer>, number: number): Uint8Array<ArrayBuffer> {
  const section = Buffer.from([0, 6, 1, 0x6e, 0, 0, 0, 0]);
  section.writeUInt32LE(number, 4);
  return new Uint8Array(Buffer.concat([wasm, section]));
}

async function size(name: string, wasm: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>> {
  const compiled = await WebAssembly.compile(wasm);
  const imports = Object.fromEntries(
    WebAssembly.Module.imports(compiled).map(({ name: each }) => [each, () => 0]),
  );
  const all = { wasi_snapshot_preview1: imports };
  let started = 0;
  const whole = await milliseconds(STARTS, () => WebAssembly.instantiate(unseen(wasm, started++), all));
  const again = await milliseconds(STARTS, () => WebAssembly.instantiate(compiled, all));
  return {
    module: name,
    bytes: wasm.length,
    gzip: gzipSync(wasm, { level: 9 }).length,
    brotli: brotliCompressSync(wasm).length,
    "compile + instantiate ms (p50 / p95)": `${quantile(whole, 0.5).toFixed(3)} / ${quantile(whole, 0.95).toFixed(3)}`,
    "instantiate ms (p50 / p95)": `${quantile(again, 0.5).toFixed(3)} / ${quantile(again, 0.95).toFixed(3)}`,
  };
}

const preprocessor = await Preprocessor.load();
const pixels = scene();
sharp.concurrency(1);
const peer = () => sharp(pixels.samples, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } });
const thumbnail = { width: 256, height: 171 };
const half = { width: 2000, height: 1333 };
const pairs: [string, "MP/s" | "MB/s", number, () => unknown, string, () => unknown][] = [
  [
    "thumbnail of 256",
    "MP/s",
    24,
    () => preprocessor.thumbnail(pixels),
    "sharp",
    () => peer().resize(thumbnail).raw().toBuffer(),
  ],
  [
    "resize to 2000",
    "MP/s",
    24,
    () => preprocessor.resize(pixels, half),
    "sharp",
    () => peer().resize(half).raw().toBuffer(),
  ],
  [
    "greyscale",
    "MP/s",
    24,
    () => preprocessor.greyscale(pixels),
    "sharp",
    () => peer().greyscale().raw().toBuffer(),
  ],
  [
    "orientation 3",
    "MP/s",
    24,
    () => preprocessor.upright(pixels, 3),
    "sharp",
    () => peer().rotate(180).raw().toBuffer(),
  ],
  [
    "orientation 6",
    "MP/s",
    24,
    () => preprocessor.upright(pixels, 6),
    "sharp",
    () => peer().rotate(90).raw().toBuffer(),
  ],
  [
    "SHA-256",
    "MB/s",
    pixels.samples.length / 1e6,
    () =>
      preprocessor
        .sha256()
        .update(pixels.samples as Uint8Array)
        .digest(),
    "node:crypto",
    () => createHash("sha256").update(pixels.samples).digest(),
  ],
];
const rows: Record<string, unknown>[] = [];
for (const [operation, unit, amount, ours, name, theirs] of pairs) {
  const times: { readonly own: number[]; readonly other: number[] } = { own: [], other: [] };
  // In turn, so that what else the machine does meets both.
  for (let round = 0; round < ROUNDS; round++) {
    times.own.push(...(await milliseconds(1, ours)));
    times.other.push(...(await milliseconds(1, theirs)));
  }
  const [own, other] = [sampled(times.own), sampled(times.other)];
  rows.push({
    operation,
    unit,
    kernel: Math.round((1000 * amount) / own.median),
    "min–max ms": `${own.min.toFixed(0)}–${own.max.toFixed(0)}`,
    peer: name,
    "peer's": Math.round((1000 * amount) / other.median),
    "× peer": (other.median / own.median).toFixed(2),
  });
}
const command = new Uint8Array(
  await readFile(new URL("../../resources/wasm/preprocess.wasm", import.meta.url)),
);
printReport("preprocess", rows, {
  rounds: ROUNDS,
  start: [
    await size("kernel", new Uint8Array(Buffer.from(PREPROCESSOR_KERNEL_CODE, "base64"))),
    await size("WASI command", command),
  ],
  memoryMiB: Math.ceil(preprocessor.memoryBytes / 2 ** 20),
});
