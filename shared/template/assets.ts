import type { OperatorAsset } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { sha256Hex } from "./sha256.ts";
import { type FileProblem, svgProblem } from "./svg-safety.ts";

/** Where the files are that a template names. */
export interface AssetSource {
  /**
   * The bytes of a file, by its path below the template's folder. `null`: there is none.
   * @throws AppError `file.unreadable` when it cannot be read, `picture.too_large` above {@link LARGEST_ASSET}.
   */
  readAsset(name: string, options: { readonly signal: AbortSignal }): Promise<Uint8Array | null>;
}

/** A source without any file. */
export const noAssets: AssetSource = { readAsset: async () => null };

/** Bytes of one file: it travels within the operator, with every job. */
export const LARGEST_ASSET = 1 << 20;
/** Bytes of all files of a template. */
export const LARGEST_ASSETS = 2 << 20;
const MOST_PIXELS = 4_096;

export interface AssetProblem {
  readonly code: "asset.missing" | "asset.invalid" | "asset.unsafe" | "asset.too_large";
  readonly message: string;
}

export interface LoadedAsset {
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly asset: OperatorAsset;
  readonly size: number;
}

/** Reads and judges one file. @throws AppError `aborted`. */
export async function loadAsset(
  source: AssetSource,
  name: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<LoadedAsset | AssetProblem> {
  let bytes: Uint8Array | null;
  try {
    bytes = await source.readAsset(name, { signal });
  } catch (error) {
    const failure = AppError.from(error, "file.unreadable");
    if (failure.code === "aborted") throw failure;
    return {
      code: failure.code === "picture.too_large" ? "asset.too_large" : "asset.missing",
      message: failure.message,
    };
  }
  if (bytes === null)
    return { code: "asset.missing", message: `There is no file \`${name}\` beside the template.` };
  if (bytes.length > LARGEST_ASSET) return tooLarge(name);
  const png = name.toLowerCase().endsWith(".png");
  const problem = png ? pngProblem(bytes) : svgProblem(bytes);
  if (problem)
    return {
      code: problem.unsafe ? "asset.unsafe" : "asset.invalid",
      message: `\`${name}\`: ${problem.message}`,
    };
  return {
    hash: sha256Hex(bytes),
    asset: { name, mediaType: png ? "image/png" : "image/svg+xml", bytes: base64Of(bytes) },
    size: bytes.length,
  };
}

export function tooLarge(name: string): AssetProblem {
  return {
    code: "asset.too_large",
    message: `\`${name}\` has more than 1 MiB. Make it smaller; a mark needs few pixels.`,
  };
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Signature and header (PNG 3rd edition, 5.2 and 11.2.1). Pure. */
function pngProblem(bytes: Uint8Array): FileProblem | null {
  if (bytes.length < 33 || PNG_SIGNATURE.some((byte, i) => bytes[i] !== byte))
    return { message: "this is no PNG file." };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(12) !== 0x49484452) return { message: "this PNG file has no header." };
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) return { message: "this PNG file has no pixels." };
  if (width > MOST_PIXELS || height > MOST_PIXELS)
    return {
      message: `this PNG file has ${width} × ${height} pixels; ${MOST_PIXELS} on a side are the most.`,
    };
  return null;
}

/** Base64 (RFC 4648, 4), the same in page and Node. Pure. */
function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8_192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}
