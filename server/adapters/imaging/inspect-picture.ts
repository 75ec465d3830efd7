import sharp from "sharp";
import { jpegFrame, jpegSegments } from "#imaging/jpeg-segments.ts";
import { type Orientation, orientationOf } from "#imaging/orientation.ts";
import { type MarkableFormat, sniffPicture } from "#imaging/picture-format.ts";
import { integers, isCameraTiff, TiffReader } from "#imaging/tiff-directory.ts";
import {
  tooLargePicture,
  unreadablePicture,
  unsupportedFile,
  unsupportedHeic,
  unsupportedKind,
  unsupportedRaw,
} from "./picture-errors.ts";
import { looksTruncated } from "./truncation.ts";

/** What a picture's head says, before any pixel is decoded. Plain data: it goes to a thread as a message. */
export interface PictureFacts {
  readonly format: MarkableFormat;
  /** Of one frame, as stored. */
  readonly width: number;
  readonly height: number;
  /** Of an animation, else 1. */
  readonly frames: number;
  /** Of a TIFF, else 1. */
  readonly pages: number;
  readonly channels: number;
  readonly hasAlpha: boolean;
  readonly bits: 8 | 16;
  readonly space: PixelSpace;
  readonly orientation: Orientation;
  /** The embedded profile. */
  readonly icc: Uint8Array | null;
  /** Milliseconds a frame. */
  readonly delays: readonly number[];
  /** 0: for ever. */
  readonly loop: number;
  /** Of an AVIF's samples. */
  readonly codedBits: number;
  readonly chromaSubsampling: string;
  /** All frames or pages, decoded. */
  readonly decodedBytes: number;
}

export type PixelSpace = "rgb" | "grey" | "cmyk";

const SPACES: Readonly<Record<string, PixelSpace>> = {
  srgb: "rgb",
  rgb: "rgb",
  rgb16: "rgb",
  "b-w": "grey",
  grey16: "grey",
  cmyk: "cmyk",
};
const BITS: Readonly<Record<string, 8 | 16>> = { uchar: 8, ushort: 16 };

const SAVE_AS_RGB = "Export it as an 8- or 16-bit RGB, grey or CMYK picture.";

/**
 * Reads the head of a picture and decides whether it can be marked.
 * @param limitBytes Most that may be decoded.
 * @throws AppError `picture.unsupported_heic`, `picture.unsupported_raw`, `picture.unsupported`, `picture.truncated`,
 *   `picture.corrupt`, `picture.too_large`.
 */
export async function inspectPicture(bytes: Uint8Array, limitBytes: number): Promise<PictureFacts> {
  const format = markableFormat(bytes);
  refuseOddCodings(format, bytes);
  const facts = await readFacts(bytes, format, 0);
  if (facts.decodedBytes > limitBytes) throw tooLargePicture({ ...facts, limitBytes });
  return facts;
}

/** The facts of one page of a TIFF that `inspectPicture` has let pass. `page` counts from 0. */
export async function inspectTiffPage(bytes: Uint8Array, page: number): Promise<PictureFacts> {
  return await readFacts(bytes, "tiff", page);
}

async function readFacts(bytes: Uint8Array, format: MarkableFormat, page: number): Promise<PictureFacts> {
  const animated = format === "gif" || format === "webp";
  const head = await sharp(bytes, {
    ...(animated ? { animated } : { page }),
    limitInputPixels: false,
    failOn: "none",
  })
    .metadata()
    .catch((error: unknown) => {
      throw unreadablePicture(format, error, looksTruncated(format, bytes));
    });
  if (format === "avif" && head.compression !== "av1") throw unsupportedHeic();
  const frames = animated ? (head.pages ?? 1) : 1;
  const space = SPACES[head.space];
  const bits = BITS[head.depth];
  const channels = head.channels;
  const inks = space === "cmyk" ? 4 : space === "grey" ? 1 : 3;
  if (!space || !bits || channels > inks + 1)
    throw unsupportedKind(
      `a ${head.space} picture with ${channels} channels of type ${head.depth}`,
      SAVE_AS_RGB,
    );
  const height = frames > 1 ? (head.pageHeight ?? head.height / frames) : head.height;
  const pixels = Math.max(format === "tiff" ? tiffPixels(bytes) : 0, head.width * height * frames);
  return {
    format,
    width: head.width,
    height,
    frames,
    pages: format === "tiff" ? (head.pages ?? 1) : 1,
    channels,
    hasAlpha: channels > inks,
    bits,
    space,
    orientation: orientationOf(head.orientation),
    icc: head.icc ? new Uint8Array(head.icc) : null,
    delays: head.delay ?? [],
    loop: head.loop ?? 0,
    codedBits: head.bitsPerSample ?? 8,
    chromaSubsampling: head.chromaSubsampling ?? "4:4:4",
    decodedBytes: pixels * channels * (bits / 8),
  };
}

function markableFormat(bytes: Uint8Array): MarkableFormat {
  const format = sniffPicture(bytes);
  switch (format) {
    case "heic":
      throw unsupportedHeic();
    case "raw":
      throw unsupportedRaw();
    case "unknown":
      throw unsupportedFile();
    case "avif_sequence":
      throw unsupportedKind("an animated AVIF", "Save it as an animated WebP or GIF.");
    case "apng":
      throw unsupportedKind("an animated PNG", "Save it as an animated WebP or GIF.");
    case "tiff":
      if (isCameraTiff(bytes)) throw unsupportedRaw();
      return "tiff";
    default:
      return format;
  }
}

/** JPEGs that no browser shows either: 12 bits a sample, lossless, hierarchical. */
function refuseOddCodings(format: MarkableFormat, bytes: Uint8Array): void {
  if (format !== "jpeg") return;
  const frame = jpegFrame(bytes, jpegSegments(bytes));
  if (!frame) return;
  const common = [0xc0, 0xc1, 0xc2, 0xc9, 0xca].includes(frame.marker);
  if (frame.precision !== 8 || !common)
    throw unsupportedKind(
      `a rare kind of JPEG (${frame.precision} bits, coding ${frame.marker - 0xc0})`,
      "Save it as an ordinary JPEG.",
    );
}

function tiffPixels(bytes: Uint8Array): number {
  return new TiffReader(bytes)
    .pages()
    .reduce((sum, page) => sum + (integers(page.get(256))[0] ?? 0) * (integers(page.get(257))[0] ?? 0), 0);
}
