import { joinBytes } from "../join-bytes.ts";
import { jpegSegments } from "../jpeg-segments.ts";
import { sniffPicture } from "../picture-format.ts";
import { pngChunks } from "../png-chunks.ts";
import { TiffReader } from "../tiff-directory.ts";
import { riffChunks } from "../webp-chunks.ts";

/** What a file says about its picture, as it lies in the file; `null`: nothing. */
export interface MetadataBlocks {
  /** A TIFF structure (EXIF 2.32). */
  readonly exif: Uint8Array | null;
  /** Datasets (IPTC-NAA Information Interchange Model 4.2). */
  readonly iim: Uint8Array | null;
  /** A packet (ISO 16684-1), UTF-8. */
  readonly xmp: Uint8Array | null;
}

const NOTHING: MetadataBlocks = { exif: null, iim: null, xmp: null };
const TAG = { xmp: 700, iim: 33_723, photoshop: 34_377 } as const;
const IIM_RESOURCE = 0x0404;
const [APP1, APP13] = [0xe1, 0xed];
const EXIF_MARK = "Exif\0\0";
const XMP_MARK = "http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP_MARK = "Photoshop 3.0\0";
const PNG_XMP_MARK = "XML:com.adobe.xmp\0";

/** Finds the metadata of a JPEG, TIFF, PNG or WebP. Other files have none; a damaged one has what is left. Pure. */
export function metadataBlocks(bytes: Uint8Array): MetadataBlocks {
  switch (sniffPicture(bytes)) {
    case "jpeg":
      return ofJpeg(bytes);
    case "tiff":
      return ofTiff(bytes);
    case "png":
    case "apng":
      return ofPng(bytes);
    case "webp":
      return ofWebp(bytes);
    default:
      return NOTHING;
  }
}

/** What stands behind a mark; `null` where the mark does not. */
function behind(bytes: Uint8Array, mark: string): Uint8Array | null {
  for (let i = 0; i < mark.length; i++) if (bytes[i] !== mark.charCodeAt(i)) return null;
  return bytes.subarray(mark.length);
}

function ofJpeg(bytes: Uint8Array): MetadataBlocks {
  let { exif, xmp } = NOTHING;
  const resources: Uint8Array[] = [];
  for (const { marker, payload, end } of jpegSegments(bytes)) {
    const content = bytes.subarray(payload, end);
    if (marker === APP1) {
      exif ??= behind(content, EXIF_MARK);
      xmp ??= behind(content, XMP_MARK);
    } else if (marker === APP13) resources.push(behind(content, PHOTOSHOP_MARK) ?? new Uint8Array(0));
  }
  // One resource block may go on in the next segment.
  return { exif, xmp, iim: iimResource(joinBytes(resources)) };
}

function ofTiff(bytes: Uint8Array): MetadataBlocks {
  const page = new TiffReader(bytes).pages()[0];
  const photoshop = page?.get(TAG.photoshop)?.value;
  return {
    exif: bytes,
    xmp: page?.get(TAG.xmp)?.value ?? null,
    iim: page?.get(TAG.iim)?.value ?? (photoshop ? iimResource(photoshop) : null),
  };
}

function ofPng(bytes: Uint8Array): MetadataBlocks {
  let { exif, xmp } = NOTHING;
  for (const { type, start, end } of pngChunks(bytes)) {
    const content = bytes.subarray(start + 8, end - 4);
    if (type === "eXIf") exif ??= content;
    if (type === "iTXt") xmp ??= uncompressedText(behind(content, PNG_XMP_MARK));
  }
  return { exif, xmp, iim: null };
}

/** Behind an iTXt chunk's keyword: compression flag and method, language, translated keyword, text (PNG, 11.3.3.4). */
function uncompressedText(content: Uint8Array | null): Uint8Array | null {
  if (content?.[0] !== 0) return null;
  const language = content.indexOf(0, 2);
  const translated = language < 0 ? -1 : content.indexOf(0, language + 1);
  return translated < 0 ? null : content.subarray(translated + 1);
}

function ofWebp(bytes: Uint8Array): MetadataBlocks {
  let { exif, xmp } = NOTHING;
  for (const { type, start, end } of riffChunks(bytes)) {
    const content = bytes.subarray(start, end);
    // Some writers carry the JPEG segment's mark over.
    if (type === "EXIF") exif ??= behind(content, EXIF_MARK) ?? content;
    if (type === "XMP ") xmp ??= content;
  }
  return { exif, xmp, iim: null };
}

/** Photoshop's image resources: `8BIM`, number, name, length, content, each padded to even. */
function iimResource(bytes: Uint8Array): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 12 <= bytes.length && behind(bytes.subarray(at), "8BIM"); ) {
    const nameBytes = bytes[at + 6]! + 1;
    const size = at + 6 + nameBytes + (nameBytes & 1);
    if (size + 4 > bytes.length) return null;
    const length = view.getUint32(size);
    if (view.getUint16(at + 4) === IIM_RESOURCE) return bytes.subarray(size + 4, size + 4 + length);
    at = size + 4 + length + (length & 1);
  }
  return null;
}
