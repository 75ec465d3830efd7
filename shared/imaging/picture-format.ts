/** What a file is by its first bytes, whatever its name says. */
export type PictureFormat =
  | "jpeg"
  | "png"
  | "apng"
  | "webp"
  | "gif"
  | "tiff"
  | "avif"
  | "avif_sequence"
  | "heic"
  | "raw"
  | "unknown";

/** A format that can be marked. */
export type MarkableFormat = "jpeg" | "png" | "webp" | "gif" | "tiff" | "avif";

export const CONTENT_TYPES: Readonly<Record<MarkableFormat, string>> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  tiff: "image/tiff",
  avif: "image/avif",
};

const HEVC_BRANDS = new Set(["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs"]);

/** Camera files that are not TIFF inside: what stands at an offset. */
const RAW_SIGNATURES: readonly (readonly [offset: number, text: string])[] = [
  [0, "FUJIFILMCCD-RAW"],
  [0, "FOVb"],
  [0, "\0MRM"],
  [0, "IIRO"],
  [0, "IIRS"],
  [0, "MMOR"],
  [0, "IIU\0"],
  [6, "HEAPCCDR"],
  [8, "CR\x02\0"],
  [4, "ftypcrx "],
];

function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

/** Reads the signature only; a TIFF may still turn out to be a camera's raw file (see `isCameraTiff`). Pure. */
export function sniffPicture(bytes: Uint8Array): PictureFormat {
  for (const [offset, text] of RAW_SIGNATURES) if (textAt(bytes, offset, text.length) === text) return "raw";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "jpeg";
  const start = textAt(bytes, 0, 4);
  if (textAt(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return isAnimatedPng(bytes) ? "apng" : "png";
  if (start === "RIFF" && textAt(bytes, 8, 4) === "WEBP") return "webp";
  if (start === "GIF8") return "gif";
  if (start === "II*\0" || start === "MM\0*" || start === "II+\0" || start === "MM\0+") return "tiff";
  if (textAt(bytes, 4, 4) === "ftyp") return sniffBrands(bytes);
  return "unknown";
}

/** ISO/IEC 14496-12, file type box: major brand, minor version, compatible brands. */
function sniffBrands(bytes: Uint8Array): PictureFormat {
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length, 256);
  const brands = [textAt(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(bytes, at, 4));
  if (brands[0] === "avis") return "avif_sequence";
  if (brands.includes("avif")) return "avif";
  if (brands.some((brand) => HEVC_BRANDS.has(brand))) return "heic";
  return brands[0] === "mif1" || brands[0] === "msf1" ? "heic" : "unknown";
}

/** An `acTL` chunk stands before the first `IDAT` (PNG third edition, 11.3.6). */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = textAt(bytes, at + 4, 4);
    if (type === "acTL") return true;
    if (type === "IDAT") return false;
  }
  return false;
}
