import type { ColorCoding } from "#imaging/jpeg/color-coding.ts";
import { type NotExact, notExact } from "#imaging/jpeg/not-exact.ts";
import { readScanHeader, type ScanHeader } from "#imaging/jpeg/scan-header.ts";
import { type SplicedJpeg, spliceMark } from "#imaging/jpeg/splice-mark.ts";
import type { InkTile } from "#imaging/overlay.ts";
import { JpegKernel } from "#imaging/wasm/jpeg-kernel.ts";
import type { PictureFacts, PixelSpace } from "./inspect-picture.ts";

/** A kernel that a large picture has made larger than this is given up: its memory never shrinks. */
const MOST_KEPT_BYTES = 48 * 1024 * 1024;

const NOTHING = { left: 0, top: 0, width: 0, height: 0, coverage: new Uint8Array(0) };

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
  ): Promise<SplicedJpeg | NotExact> {
    const header = spliceableHeader(source, facts);
    if (!header) return notExact("structure");
    const [tile, ...more] = tiles;
    if (more.length > 0 || (tile && (tile.blend !== "normal" || tile.colors instanceof Uint8Array)))
      return notExact("area");
    this.#kernel ??= JpegKernel.load();
    const kernel = await this.#kernel;
    const mask = tile ? { ...tile, coverage: tile.alpha } : NOTHING;
    const color = tile?.colors instanceof Uint8Array ? [] : (tile?.colors ?? []);
    const result = spliceMark(kernel, source, header, { mask, color, opacity: 1 });
    if (kernel.memoryBytes > MOST_KEPT_BYTES) this.#kernel = undefined;
    return result;
  }
}
