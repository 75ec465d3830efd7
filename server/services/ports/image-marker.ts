import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";
import type { PixelBox } from "#imaging/orientation.ts";

/**
 * How a picture was marked. `spliced`: a JPEG's data were copied but for the touched blocks. `coefficients`: a JPEG's
 * data were written again, with the same coefficients but for the touched blocks. `pixels`: coded again in a form that
 * keeps pixels; those outside the touched boxes are identical. `recoded`: all of it was coded again with loss.
 */
export type MarkPath = "spliced" | "coefficients" | "pixels" | "recoded";

/** Pixels as stored, of each frame of an animation. */
export interface TouchedBox extends PixelBox {
  /** Of a TIFF, from 0; else 0. */
  readonly page: number;
}

export interface MarkedPicture {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Pixels, as stored. */
  readonly width: number;
  readonly height: number;
  /** Frames of an animation, else 1. */
  readonly frames: number;
  readonly path: MarkPath;
  /** What may have changed, beyond what coding with loss does; boxes may overlap. None: the mark shows nothing. */
  readonly touched: readonly TouchedBox[];
}

/** Works a mark out for an upright picture of this size, in pixels. */
export type MarkForPicture = (picture: { readonly width: number; readonly height: number }) => ResolvedMark;

export interface MarkOptions {
  /** A text mark, or what a template's operator draws: given at once, or worked out when the upright size is known. */
  readonly mark: MarkSpec | ResolvedMark | MarkForPicture;
  /** Memory where the marked picture may be written: `body` is then a part of it. It is not where the picture is coded
   *  anew or is larger. A mark that fails with `aborted`, `deadline_exceeded` or `unavailable` may still write to it. */
  readonly room?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a mark on a picture, in the format, profile and orientation it came in, its metadata kept.
 * @throws AppError `picture.unsupported_heic`, `picture.unsupported_raw`, `picture.unsupported`, `picture.truncated`,
 *   `picture.corrupt`, `picture.too_large`, `picture.glyph_missing`, `invalid_argument` for a mark that cannot be
 *   drawn; all never retried.
 */
export interface ImageMarker {
  mark(input: Uint8Array, options: MarkOptions): Promise<MarkedPicture>;
  /** A preview for a window: upright, sRGB, WebP, longest side at most `maxSide` pixels. */
  preview(
    input: Uint8Array,
    options: { readonly maxSide: number; readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly body: Uint8Array; readonly contentType: string }>;
  close(): Promise<void>;
}
