import sharp from "sharp";
import type { Pixels } from "#imaging/blend.ts";
import { withoutStrayBytes } from "#imaging/jpeg-segments.ts";
import { isDamaged } from "#imaging/proof/compare-coefficients.ts";
import { ProofKernel } from "#imaging/wasm/proof-kernel.ts";
import { AppError } from "#kernel/errors.ts";
import type { PictureFacts } from "./inspect-picture.ts";
import { unreadablePicture } from "./picture-errors.ts";
import { looksTruncated } from "./truncation.ts";

/** What decoders complain about although nothing of the picture is lost. */
const HARMLESS = /extraneous bytes before marker|unknown Adobe color transform|unknown JFIF revision/i;
const DAMAGE = /Corrupt JPEG data|Invalid (SOS|JPEG)|Inconsistent progression|Unsupported marker/i;

/** A native decoder that does not come back is stopped after this time. */
export const DECODE_SECONDS = 120;

/**
 * Decodes to the samples as they are in the file: own colour space, own depth, no rotation. Animations come as one
 * tall picture. `page` counts from 0.
 * @throws AppError `picture.truncated`, `picture.corrupt`, `deadline_exceeded`.
 */
export async function decodePixels(bytes: Uint8Array, facts: PictureFacts, page = 0): Promise<Pixels> {
  try {
    return await decodeStrictly(bytes, facts, page);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "picture.truncated" || facts.format !== "jpeg")
      throw error;
    // Some cameras and old programs leave out the end mark only; with it in place the decoder tells if more is missing.
    const ended = new Uint8Array(bytes.length + 2);
    ended.set(bytes);
    ended.set([0xff, 0xd9], bytes.length);
    return await decodeStrictly(ended, facts, page).catch(() => {
      throw error;
    });
  }
}

/**
 * A decoder goes on over damage and only warns. Warnings are the whole process's and get lost when several pictures are
 * decoded at once, so a JPEG is read with every warning an error first, which is its own; then it is told apart what the
 * warning was about, by its words where they have come through, else by a reader of our own.
 */
async function decodeStrictly(bytes: Uint8Array, facts: PictureFacts, page: number): Promise<Pixels> {
  if (facts.format !== "jpeg") return (await decodeOnce(bytes, facts, page, "error")).pixels;
  const clean = withoutStrayBytes(bytes);
  const first = await decodeOnce(clean, facts, page, "warning").catch((error: unknown) => {
    if (error instanceof AppError && error.code === "deadline_exceeded") throw error;
    return AppError.from(error);
  });
  if (!(first instanceof AppError)) return first.pixels;
  const { pixels, complaints } = await decodeOnce(clean, facts, page, "error");
  const words = [String(first.details.cause), ...complaints].join(" ");
  if (!HARMLESS.test(words) && isDamaged(await ProofKernel.load(), clean)) throw first;
  return pixels;
}

interface Decoded {
  readonly pixels: Pixels;
  /** Of the decoder, as far as they have come through. */
  readonly complaints: readonly string[];
}

async function decodeOnce(
  bytes: Uint8Array,
  facts: PictureFacts,
  page: number,
  failOn: "warning" | "error",
): Promise<Decoded> {
  const complaints: string[] = [];
  const greyWithAlpha = facts.space === "grey" && facts.hasAlpha && facts.bits === 8;
  const space = greyWithAlpha ? "srgb" : SPACE_NAMES[facts.space][facts.bits];
  const source = sharp(bytes, {
    failOn,
    ignoreIcc: true,
    limitInputPixels: false,
    ...(facts.frames > 1 ? { animated: true } : { page }),
  });
  source.on("warning", (text: string) => complaints.push(text));
  const { data, info } = await source
    .pipelineColourspace(space)
    .toColourspace(space)
    .timeout({ seconds: DECODE_SECONDS })
    .raw({ depth: facts.bits === 16 ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true })
    .catch((error: unknown) => {
      throw decodeError(error, complaints, bytes, facts);
    });
  const { width, height } = info;
  const damage = complaints.find((text) => DAMAGE.test(text) && !HARMLESS.test(text));
  if (damage) throw decodeError(damage, complaints, bytes, facts);
  const samples =
    facts.bits === 16
      ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
      : new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (greyWithAlpha && info.channels === 4)
    return {
      pixels: { width, height, channels: 2, hasAlpha: true, samples: greyAndAlpha(samples) },
      complaints,
    };
  return {
    pixels: { width, height, channels: info.channels, hasAlpha: facts.hasAlpha, samples },
    complaints,
  };
}

/** Names of the spaces in which sharp hands samples over unchanged. */
export const SPACE_NAMES = {
  rgb: { 8: "srgb", 16: "rgb16" },
  grey: { 8: "b-w", 16: "grey16" },
  cmyk: { 8: "cmyk", 16: "cmyk" },
} as const;

/** sharp answers grey without its alpha; asked for RGB, it repeats the grey three times and keeps the alpha. */
function greyAndAlpha(rgba: Uint8Array | Uint16Array): Uint8Array {
  const samples = new Uint8Array(rgba.length / 2);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 2) {
    samples[to] = rgba[from]!;
    samples[to + 1] = rgba[from + 3]!;
  }
  return samples;
}

function decodeError(
  error: unknown,
  complaints: readonly string[],
  bytes: Uint8Array,
  facts: PictureFacts,
): AppError {
  const text = error instanceof Error ? error.message : String(error);
  if (/timeout/i.test(text))
    return new AppError("deadline_exceeded", "This picture took too long to read. It is tried again later.", {
      retry: "backoff",
      cause: error,
    });
  const words = new Error([text, ...complaints].join(" "), { cause: error });
  return unreadablePicture(facts.format, words, looksTruncated(facts.format, bytes));
}
