import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { backdrop, Canvas, vignette } from "./samples/drawing.ts";
import { adobeRgbProfile } from "./samples/rgb-profile.ts";
import { SCENES, type Scene } from "./samples/scenes.ts";

const EXTENSIONS = { jpeg: "jpg", png: "png", webp: "webp", tiff: "tif" } as const;

/**
 * Writes `count` sample pictures into a folder, which is made if need be, and answers their paths: still lifes in the
 * formats, profiles and orientations that cameras and studios hand in. The same bytes each time; above 24 they repeat
 * under other names. An abort leaves the pictures that were finished, whole.
 */
export async function makeSamplePictures(
  folder: string,
  count: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, ".making-"));
  try {
    const adobeRgb = join(scratch, "adobe-rgb.icc");
    await writeFile(adobeRgb, adobeRgbProfile());
    const paths: string[] = [];
    let next = 0;
    const paint = async () => {
      while (next < count) {
        throwIfAborted(options.signal);
        const index = next++;
        const scene = SCENES[index % SCENES.length]!;
        const name = `${String(index + 1).padStart(2, "0")}-${scene.name}.${EXTENSIONS[scene.format]}`;
        await paintScene(scene, index, adobeRgb, join(scratch, name));
        paths[index] = join(folder, name);
        await rename(join(scratch, name), paths[index]);
      }
    };
    await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, paint));
    return paths;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Exposure data that a reader of metadata finds believable. */
function exif(scene: Scene, index: number) {
  return {
    IFD0: {
      Make: "Platemark",
      Model: "Still Life",
      Artist: "Platemark samples",
      Copyright: "Public domain",
      ImageDescription: scene.name.replaceAll("-", " "),
      DateTime: `2026:05:${String((index % 28) + 1).padStart(2, "0")} 10:${String((index * 7) % 60).padStart(2, "0")}:00`,
    },
    IFD2: { FNumber: "8/1", ExposureTime: "1/125", ISOSpeedRatings: "100", FocalLength: "85/1" },
  };
}

async function paintScene(scene: Scene, index: number, adobeRgb: string, path: string): Promise<void> {
  const { width, height } = scene;
  const units = (1000 * width) / height;
  const canvas = new Canvas();
  backdrop(canvas, units, scene.wall, scene.floor);
  // Things are drawn for a square: on a narrow canvas they are smaller, on a wide one there is room for larger ones.
  const fit = units > 1200 ? 1.22 : Math.sqrt(Math.min(1, units / 1000));
  for (const [thing, x, y, s, color] of scene.things) thing(canvas, (x / 100) * units, y, s * fit, color);
  vignette(canvas, units);
  const { data } = await sharp(Buffer.from(canvas.svg(width, height, units)))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  addGrain(data, index);
  const picture = stored(sharp(data, { raw: { width, height, channels: 3 } }), scene).withExif(
    exif(scene, index),
  );
  await writeFile(path, await encode(inProfile(picture, scene, adobeRgb), scene).toBuffer());
}

/** Turns the pixels as a camera held that way stores them, and says so in the tag. */
function stored(picture: Sharp, { orientation = 1 }: Scene): Sharp {
  const turn = { 1: 0, 3: 180, 6: 270, 8: 90 }[orientation];
  return (turn === 0 ? picture : picture.rotate(turn)).withMetadata({ orientation, density: 300 });
}

function inProfile(picture: Sharp, { profile }: Scene, adobeRgb: string): Sharp {
  switch (profile) {
    case "srgb":
      return picture.withIccProfile("srgb");
    case "p3":
      return picture.withIccProfile("p3");
    case "adobe-rgb":
      return picture.withIccProfile(adobeRgb);
    case "cmyk":
      return picture.withIccProfile("cmyk");
    case "grey":
      return picture.toColourspace("b-w");
  }
}

function encode(picture: Sharp, { format, width, height }: Scene): Sharp {
  switch (format) {
    case "jpeg":
      return picture.jpeg({ quality: 90, chromaSubsampling: width > height ? "4:2:0" : "4:4:4" });
    case "png":
      return picture.png({ compressionLevel: 4 });
    case "webp":
      return picture.webp({ quality: 88, effort: 2 });
    case "tiff":
      return picture.tiff({ compression: "lzw", predictor: "horizontal" });
  }
}

const TILE = 65_521;
let grainTile: Int8Array | undefined;

/** Film-like luminance noise, from a fixed sequence. */
function addGrain(samples: Uint8Array, seed: number): void {
  grainTile ??= makeGrain();
  let grain = (seed * 7919) % TILE;
  for (let at = 0; at < samples.length; at += 3) {
    grain = grain + 1 === TILE ? 0 : grain + 1;
    const noise = grainTile[grain]!;
    for (let i = at; i < at + 3; i++) {
      const value = samples[i]! + noise;
      samples[i] = Math.max(0, Math.min(255, value));
    }
  }
}

/** About normal, standard deviation 2.4; a prime length, so that rows do not line up. */
function makeGrain(): Int8Array {
  let state = 0x9e3779b9;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Int8Array.from({ length: TILE }, () =>
    Math.round((uniform() + uniform() + uniform() + uniform() - 2) * 4.2),
  );
}
