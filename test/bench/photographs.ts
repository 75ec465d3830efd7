import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

/** Pixels; JPEG quality; grain in parts of 255. */
export interface Shape {
  readonly width: number;
  readonly height: number;
  readonly quality: number;
  readonly grain: number;
}

/** Camera-like sizes: 24 MP (6000 × 4000) and 6 MP (3000 × 2000), landscape and portrait by EXIF orientation. */
const SHAPES = [
  { width: 6000, height: 4000, quality: 82, grain: 24 },
  { width: 6000, height: 4000, quality: 90, grain: 44 },
  { width: 3000, height: 2000, quality: 90, grain: 24 },
  { width: 3000, height: 2000, quality: 94, grain: 44 },
] as const satisfies readonly Shape[];

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A smooth scene (random colours blown up) with grain over it, so that size and detail resemble a photograph's. */
export async function scene(seed: number, { width, height, quality, grain }: Shape): Promise<Buffer> {
  const random = mulberry32(seed);
  const small = Buffer.from(Uint8Array.from({ length: 24 * 16 * 3 }, () => 40 + random() * 180));
  const noise = Buffer.from(Uint8Array.from({ length: 512 * 512 }, () => 128 + (random() - 0.5) * 2 * grain));
  const tile = await sharp(noise, { raw: { width: 512, height: 512, channels: 1 } })
    .toColourspace("srgb")
    .png()
    .toBuffer();
  return sharp(small, { raw: { width: 24, height: 16, channels: 3 } })
    .resize(width, height, { kernel: "cubic" })
    .composite([{ input: tile, tile: true, blend: "soft-light" }])
    .withMetadata({ orientation: random() < 0.3 ? 6 : 1, density: 300 })
    .jpeg({ quality, chromaSubsampling: "4:2:0" })
    .toBuffer();
}

/** A JPEG comment makes each copy a picture of its own without decoding it again. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const body = Buffer.from(text);
  const segment = Buffer.alloc(4);
  segment.writeUInt16BE(0xfffe, 0);
  segment.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), segment, body, jpeg.subarray(2)]);
}

/** `count` generated photographs in `folder` (kept for the next run); twelve scenes, each copy with bytes of its own. */
export async function makePhotographs(
  folder: string,
  count: number,
): Promise<{ files: string[]; bytes: number }> {
  mkdirSync(folder, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `IMG_${String(index + 1).padStart(5, "0")}.jpg`);
  if (!names.every((name) => existsSync(join(folder, name)))) {
    const scenes = await Promise.all(
      Array.from({ length: 12 }, (_, index) => scene(index + 1, SHAPES[index % SHAPES.length]!)),
    );
    for (const [index, name] of names.entries())
      writeFileSync(join(folder, name), withComment(scenes[index % scenes.length]!, `photograph ${index}`));
  }
  const files = readdirSync(folder)
    .filter((name) => names.includes(name))
    .map((name) => join(folder, name));
  return { files, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) };
}

/** `count` tiny pictures, for what grows with the number of files and not with their size. */
export async function makeTinyPictures(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const jpeg = await sharp({ create: { width: 64, height: 48, channels: 3, background: "#8899aa" } })
    .jpeg()
    .toBuffer();
  for (let index = 0; index < count; index++) {
    const part = join(folder, String(Math.floor(index / 1000)));
    if (index % 1000 === 0) mkdirSync(part, { recursive: true });
    const path = join(part, `tiny-${index}.jpg`);
    if (!existsSync(path)) writeFileSync(path, withComment(jpeg, `tiny ${index}`));
  }
}
