import { AppError } from "#kernel/errors.ts";
import { type Orientation, swapsSides } from "./orientation.ts";
import { Sha256 } from "./sha256.ts";
import { MOST_PIXELS, PreprocessorKernel } from "./wasm/preprocessor-kernel.ts";

export interface PictureSize {
  /** Pixels, 1 to 65,535. */
  readonly width: number;
  readonly height: number;
}

/** Decoded sRGB pixels, row by row: red, green, blue, alpha (not premultiplied), a byte each. A page's `ImageData.data`
 *  has this form, and sharp's `ensureAlpha().raw()`. */
export interface RgbaPixels extends PictureSize {
  readonly samples: Uint8Array | Uint8ClampedArray;
}

/** A result: a copy of its own, in the same form. */
export interface PreparedPixels extends RgbaPixels {
  readonly samples: Uint8Array<ArrayBuffer>;
}

export interface ThumbnailOptions {
  /** Of the longest side, in pixels. Smaller pictures keep their size. @default 256 */
  readonly maxSide?: number;
  /** How the given pixels are stored. A page's decoder has turned them already, unless it was told not to. @default 1 */
  readonly orientation?: Orientation;
  /** @default false */
  readonly grey?: boolean;
}

/**
 * Preprocessing of pictures in WebAssembly, the same bits in every page and program: greyscale, resize, orientation,
 * thumbnails, SHA-256 (spec S9). Calls are synchronous: what is large belongs in a worker. Pixels pass through the
 * module by strips, so it holds no more than the result; the results are copies.
 */
export class Preprocessor {
  readonly #kernel: PreprocessorKernel;

  private constructor(kernel: PreprocessorKernel) {
    this.#kernel = kernel;
  }

  /** A page's Content-Security-Policy must allow `'wasm-unsafe-eval'`. */
  static async load(): Promise<Preprocessor> {
    return new Preprocessor(await PreprocessorKernel.load());
  }

  /** Memory held, in bytes; it never shrinks. */
  get memoryBytes(): number {
    return this.#kernel.memoryBytes;
  }

  /** A hash of its own; any number may be in progress. */
  sha256(): Sha256 {
    return new Sha256(this.#kernel);
  }

  /** Grey by luminance (Rec. 709 weights in linear light). Grey pixels do not change, alpha stays.
   *  @throws AppError `invalid_argument`. */
  greyscale(pixels: RgbaPixels): PreparedPixels {
    const { width, height } = pixels;
    return { width, height, samples: this.#kernel.greyscale(bytesOf(pixels)) };
  }

  /** Stands stored pixels upright.
   *  @throws AppError `invalid_argument`, `picture.too_large`. */
  upright(pixels: RgbaPixels, orientation: Orientation): PreparedPixels {
    const { width, height } = pixels;
    checkOrientation(orientation);
    const samples = this.#kernel.turn(bytesOf(pixels), width, height, orientation);
    if (!samples) throw tooLarge(pixels);
    return { ...turned(pixels, orientation), samples };
  }

  /**
   * Resizes to exactly `to`, smaller or larger, in the samples' own (gamma) coding, as sharp and browsers do: means of
   * boxes down to twice the size, then Lanczos' kernel with three lobes. Transparent pixels lend no colour.
   * @throws AppError `invalid_argument`, `picture.too_large`.
   */
  resize(pixels: RgbaPixels, to: PictureSize): PreparedPixels {
    return this.#resize(pixels, to, { orientation: 1, grey: false });
  }

  /** A small upright picture for lists.
   *  @throws AppError `invalid_argument`, `picture.too_large`. */
  thumbnail(pixels: RgbaPixels, options: ThumbnailOptions = {}): PreparedPixels {
    const { maxSide = 256, orientation = 1, grey = false } = options;
    checkOrientation(orientation);
    const resized = this.#resize(pixels, sizeWithin(pixels, maxSide), { orientation, grey });
    return { ...turned(resized, orientation), samples: resized.samples };
  }

  #resize(
    pixels: RgbaPixels,
    to: PictureSize,
    options: { readonly orientation: Orientation; readonly grey: boolean },
  ): PreparedPixels {
    const bytes = bytesOf(pixels);
    checkSize(to);
    const samples = this.#kernel.resize(bytes, pixels, to, options);
    if (!samples) throw tooLarge(to);
    return { width: to.width, height: to.height, samples };
  }
}

/** The size of a picture whose longest side becomes `maxSide`, at least one pixel each way; never larger than it was.
 *  @throws AppError `invalid_argument`. */
export function sizeWithin({ width, height }: PictureSize, maxSide: number): PictureSize {
  checkSize({ width: maxSide, height: maxSide });
  const longest = Math.max(width, height);
  if (longest <= maxSide) return { width, height };
  const shrunk = (side: number) => Math.max(1, Math.round((side * maxSide) / longest));
  return { width: shrunk(width), height: shrunk(height) };
}

function turned({ width, height }: PictureSize, orientation: Orientation): PictureSize {
  return swapsSides(orientation) ? { width: height, height: width } : { width, height };
}

function checkSize({ width, height }: PictureSize): void {
  for (const side of [width, height])
    if (!Number.isInteger(side) || side < 1 || side > MOST_PIXELS)
      throw new AppError(
        "invalid_argument",
        `A picture's side must be 1 to 65,535 whole pixels, and this is ${side}.`,
      );
}

function checkOrientation(orientation: number): void {
  if (!Number.isInteger(orientation) || orientation < 1 || orientation > 8)
    throw new AppError("invalid_argument", `An orientation is a number from 1 to 8, and not ${orientation}.`);
}

function bytesOf(pixels: RgbaPixels): Uint8Array {
  checkSize(pixels);
  const { width, height, samples } = pixels;
  if (samples.length !== width * height * 4)
    throw new AppError(
      "invalid_argument",
      `${width} × ${height} RGBA pixels take ${width * height * 4} bytes, and ${samples.length} were given.`,
    );
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.length);
}

function tooLarge({ width, height }: PictureSize): AppError {
  return new AppError(
    "picture.too_large",
    `There is not enough memory for a picture of ${width} × ${height} pixels.`,
    { details: { width, height } },
  );
}
