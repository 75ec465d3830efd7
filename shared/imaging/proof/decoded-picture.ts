import type { MarkableFormat } from "../picture-format.ts";

/** Samples as they are stored: own colour space, own depth, no rotation; row by row, channels interleaved. */
export interface DecodedPage {
  readonly width: number;
  /** All frames of an animation, one above the other. */
  readonly height: number;
  readonly channels: number;
  readonly samples: Uint8Array | Uint16Array;
}

export interface DecodedPicture {
  readonly format: MarkableFormat;
  /** Its coding keeps each sample as it was given. */
  readonly lossless: boolean;
  /** Of one frame. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly bits: 8 | 16;
  readonly space: "rgb" | "grey" | "cmyk";
  /** Pages of a TIFF, else one. */
  readonly pages: readonly DecodedPage[];
  /** `ICC`, `EXIF`, `IPTC`, `XMP` as they are in the file. */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
}

/** Decodes a picture. @throws AppError `picture.*` */
export type DecodePicture = (bytes: Uint8Array) => Promise<DecodedPicture>;

/** Same size, depth, channels and colour space, page by page. Pure. */
export function areComparable(a: DecodedPicture, b: DecodedPicture): boolean {
  return (
    a.bits === b.bits &&
    a.space === b.space &&
    a.frames === b.frames &&
    a.pages.length === b.pages.length &&
    a.pages.every((page, i) => {
      const other = b.pages[i]!;
      return page.width === other.width && page.height === other.height && page.channels === other.channels;
    })
  );
}
