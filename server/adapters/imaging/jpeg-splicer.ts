import type { ColorCoding } from "#imaging/jpeg/color-coding.ts";
import type { FrameHead } from "#imaging/jpeg/frame-head.ts";
import { markCoefficients } from "#imaging/jpeg/mark-coefficients.ts";
import { type NotExact, type NotExactReason, notExact } from "#imaging/jpeg/not-exact.ts";
import { readScanHeader } from "#imaging/jpeg/scan-header.ts";
import { type SplicedJpeg, spliceMark } from "#imaging/jpeg/splice-mark.ts";
import type { InkTile } from "#imaging/overlay.ts";
import { CoefficientKernel } from "#imaging/wasm/coefficient-kernel.ts";
import { JpegKernel } from "#imaging/wasm/jpeg-kernel.ts";
import type { PictureFacts, PixelSpace } from "./inspect-picture.ts";

/** A kernel that a large picture has made larger than this is given up: its memory never shrinks. */
const MOST_KEPT_BYTES = 48 * 1024 * 1024;

const SPACES: Readonly<Record<ColorCoding, PixelSpace>> = {
  grey: "grey",
  rgb: "rgb",
  ycc: "rgb",
  cmyk: "cmyk",
  ycck: "cmyk",
};

/** Why a file that cannot be spliced may be written again from all its coefficients. */
const FOR_COEFFICIENTS: ReadonlySet<NotExactReason> = new Set([
  "progressive",
  "arithmetic",
  "scans",
  "tables",
  "missing_code",
]);

/** Ways to mark a JPEG without coding all of it anew. */
export type ExactPath = "spliced" | "coefficients";

export interface ExactlyMarked extends SplicedJpeg {
  readonly path: ExactPath;
}

/** The first way that may do for a JPEG, by its head; only its data can tell whether it does. `null`: there is none. */
export function exactPath(source: Uint8Array, facts: PictureFacts): ExactPath | null {
  if (facts.format !== "jpeg") return null;
  const header = readScanHeader(source);
  if (header.exact) return isAsRead(header, facts) ? "spliced" : null;
  return nextPath(header);
}

/** The way behind the splice, when it has refused. */
export function nextPath({ reason }: NotExact): "coefficients" | null {
  return FOR_COEFFICIENTS.has(reason) ? "coefficients" : null;
}

/** Where the decoder reads the head in another way, it is right. */
function isAsRead({ width, height, colorCoding }: FrameHead, facts: PictureFacts): boolean {
  return width === facts.width && height === facts.height && SPACES[colorCoding] === facts.space;
}

/**
 * Marks JPEGs without coding them anew: `spliceMark` and `markCoefficients`. Keeps the compiled kernels and their memory
 * for the next one.
 */
export class JpegSplicer {
  #kernel: Promise<JpegKernel> | undefined;
  #coefficients: Promise<CoefficientKernel> | undefined;

  /** By splicing only. */
  async mark(
    source: Uint8Array,
    facts: PictureFacts,
    tiles: readonly InkTile[],
    room?: Uint8Array,
  ): Promise<ExactlyMarked | NotExact> {
    const header = readScanHeader(source);
    if (!header.exact) return header;
    if (!isAsRead(header, facts)) return notExact("structure");
    this.#kernel ??= JpegKernel.load();
    const kernel = await this.#kernel;
    const result = spliceMark(kernel, source, header, tiles, { room });
    if (kernel.memoryBytes > MOST_KEPT_BYTES) this.#kernel = undefined;
    return result.exact ? { ...result, path: "spliced" } : result;
  }

  /** By writing all coefficients again. */
  async markCoefficients(
    source: Uint8Array,
    facts: PictureFacts,
    tiles: readonly InkTile[],
  ): Promise<ExactlyMarked | NotExact> {
    this.#coefficients ??= CoefficientKernel.load();
    const kernel = await this.#coefficients;
    const result = markCoefficients(kernel, source, tiles, (frame) => isAsRead(frame, facts));
    if (kernel.memoryBytes > MOST_KEPT_BYTES) this.#coefficients = undefined;
    return result.exact ? { ...result, path: "coefficients" } : result;
  }
}
