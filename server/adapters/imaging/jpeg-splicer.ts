import type { ColorCoding } from "#imaging/jpeg/color-coding.ts";
import { type NotExact, notExact } from "#imaging/jpeg/not-exact.ts";
import { readScanHeader, type ScanHeader } from "#imaging/jpeg/scan-header.ts";
import { type SplicedJpeg, spliceMark } from "#imaging/jpeg/splice-mark.ts";
import type { InkTile } from "#imaging/overlay.ts";
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

/** The head of a JPEG that may be marked by splicing; only its data can tell whether it is. `null`: it cannot be. */
export function spliceableHeader(source: Uint8Array, facts: PictureFacts): ScanHeader | null {
  if (facts.format !== "jpeg") return null;
  const header = readScanHeader(source);
  // Where the decoder reads the head in another way, it is right.
  if (!header.exact || header.width !== facts.width || header.height !== facts.height) return null;
  return SPACES[header.colorCoding] === facts.space ? header : null;
}

/** Marks JPEGs without coding them anew, see `spliceMark`; keeps the compiled kernel and its memory for the next one. */
export class JpegSplicer {
  #kernel: Promise<JpegKernel> | undefined;

  async mark(
    source: Uint8Array,
    facts: PictureFacts,
    tiles: readonly InkTile[],
    room?: Uint8Array,
  ): Promise<SplicedJpeg | NotExact> {
    const header = spliceableHeader(source, facts);
    if (!header) return notExact("structure");
    this.#kernel ??= JpegKernel.load();
    const kernel = await this.#kernel;
    const result = spliceMark(kernel, source, header, tiles, { room });
    if (kernel.memoryBytes > MOST_KEPT_BYTES) this.#kernel = undefined;
    return result;
  }
}
