import { jpegSegments } from "#imaging/jpeg-segments.ts";
import type { MarkableFormat } from "#imaging/picture-format.ts";
import { integers, TiffReader } from "#imaging/tiff-directory.ts";

/** True when the file's own structure says that it goes on behind its last byte. Reads lengths and end marks only. */
export function looksTruncated(format: MarkableFormat, bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case "jpeg":
      return jpegHasNoEnd(bytes);
    case "png":
      return !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("IEND", -64);
    case "webp":
      return bytes.length < 12 || view.getUint32(4, true) + 8 > bytes.length;
    case "gif":
      return bytes.at(-1) !== 0x3b;
    case "tiff":
      return tiffPointsOutside(bytes);
    case "avif":
      return boxesPointOutside(view);
  }
}

/** The end mark is looked for behind the header, for thumbnails in the header have one, too. */
function jpegHasNoEnd(bytes: Uint8Array): boolean {
  const scan = jpegSegments(bytes).find(({ marker }) => marker === 0xda);
  return !scan || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(END_OF_JPEG, scan.end);
}

const END_OF_JPEG = Buffer.from([0xff, 0xd9]);

function tiffPointsOutside(bytes: Uint8Array): boolean {
  const pages = new TiffReader(bytes).pages();
  if (pages.length === 0) return true;
  return pages.some((page) => {
    const offsets = integers(page.get(273) ?? page.get(324));
    const counts = integers(page.get(279) ?? page.get(325));
    return offsets.some((at, i) => at + (counts[i] ?? 0) > bytes.length);
  });
}

/** ISO/IEC 14496-12, 4.2: top-level boxes follow each other; size 0 means to the end of the file. */
function boxesPointOutside(view: DataView): boolean {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return false;
    at += size === 1 && at + 16 <= view.byteLength ? Number(view.getBigUint64(at + 8)) : Math.max(8, size);
  }
  return at !== view.byteLength;
}
