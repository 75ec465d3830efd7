import type { MarkSpec } from "#contracts/mark-spec.ts";
import type { PixelBox } from "#imaging/orientation.ts";

export interface MarkedPicture {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Lower-case hex SHA-256 of `body`. */
  readonly sha256: string;
  /** Pixels, as stored. */
  readonly width: number;
  readonly height: number;
  /** Frames of an animation, else 1. */
  readonly frames: number;
  /** Where pixels may differ from the original's, as stored; everything outside must be equal. */
  readonly touched: readonly PixelBox[];
}

export interface MarkOptions {
  readonly mark: MarkSpec;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a mark on a picture, in the format, profile and orientation it came in, its metadata kept.
 * @throws AppError `picture.unsupported_heic`, `picture.unsupported_raw`, `picture.unsupported`, `picture.truncated`,
 *   `picture.corrupt`, `picture.too_large`, `picture.glyph_missing`; all never retried.
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
