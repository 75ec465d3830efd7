import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withBlocksOf } from "./gif-blocks.ts";
import { jpegCoding } from "./jpeg-quality.ts";
import { jpegFrame, jpegSegments, withSegmentsOf } from "./jpeg-segments.ts";
import { sniffPicture } from "./picture-format.ts";
import { withChunksOf } from "./png-chunks.ts";
import { integers, isCameraTiff, TiffReader } from "./tiff-directory.ts";
import { inkTiff, withTagsOf } from "./tiff-writer.ts";
import { isLosslessWebp, withRiffChunksOf } from "./webp-chunks.ts";

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const starts = [
  "\xff\xd8\xff\xe1",
  "\x89PNG\r\n\x1a\n",
  "RIFF\0\0\0\0WEBP",
  "GIF89a",
  "II*\0\x08\0\0\0",
  "MM\0*\0\0\0\x08",
  "II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
  "\0\0\0\x20ftypmif1",
];

/** Little-endian, one page, these fields behind one another. */
function tiff(
  fields: readonly (readonly [tag: number, type: number, count: number, value: number])[],
): Uint8Array {
  const bytes = new Uint8Array(8 + 2 + fields.length * 12 + 4);
  bytes.set(latin1("II*\0\x08\0\0\0"));
  const view = new DataView(bytes.buffer);
  view.setUint16(8, fields.length, true);
  for (const [i, [tag, type, count, value]] of fields.entries()) {
    view.setUint16(10 + i * 12, tag, true);
    view.setUint16(12 + i * 12, type, true);
    view.setUint32(14 + i * 12, count, true);
    view.setUint32(18 + i * 12, value, true);
  }
  return bytes;
}

describe("readers of containers", () => {
  test("come to an end and do not throw, whatever follows a picture's signature", () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }), (start, rest) => {
        const bytes = Uint8Array.of(...latin1(start), ...rest);
        sniffPicture(bytes);
        jpegFrame(bytes, jpegSegments(bytes));
        expect(jpegCoding(bytes, jpegSegments(bytes)).quality).toBeGreaterThan(0);
        isCameraTiff(bytes);
        isLosslessWebp(bytes);
        const coded = inkTiff({ width: 1, height: 1, channels: 4, bits: 8 }, new Uint8Array(4));
        expect(new TiffReader(withTagsOf(bytes, [coded])).pages()).toHaveLength(1);
        for (const carry of [withChunksOf, withBlocksOf, withSegmentsOf]) carry(bytes, bytes);
        withRiffChunksOf(bytes, bytes, { width: 1, height: 1, hasAlpha: false });
      }),
      { numRuns: 400 },
    );
  });

  test("a TIFF whose directories point at each other in circles is read once round", () => {
    const EXIF = 34_665;
    const circle = tiff([[EXIF, 4, 1, 8]]);
    new DataView(circle.buffer).setUint32(circle.length - 4, 8, true);
    expect(new TiffReader(circle).pages()).toHaveLength(1);
    const coded = inkTiff(
      { width: 2, height: 1, channels: 4, bits: 8 },
      Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    );
    const [page] = new TiffReader(withTagsOf(circle, [coded])).pages();
    expect(integers(page!.get(256))).toEqual([2]);
  });

  test("big-endian values are turned, and the source is left as it was", () => {
    const bytes = Uint8Array.of(
      ...latin1("MM\0*\0\0\0\x08"),
      0,
      1,
      1,
      0,
      0,
      3,
      0,
      0,
      0,
      1,
      0x12,
      0x34,
      0,
      0,
      0,
      0,
      0,
      0,
    );
    const source = Buffer.from(bytes);
    expect(integers(new TiffReader(source).pages()[0]!.get(256))).toEqual([0x1234]);
    expect([...source]).toEqual([...bytes]);
  });

  test.each([
    ["a colour filter array", [262, 3, 1, 32_803]],
    ["linear raw", [262, 3, 1, 34_892]],
    ["DNG's version", [50_706, 1, 4, 0x401]],
  ] as const)("%s betrays a camera's raw file", (_, field) => {
    expect(isCameraTiff(tiff([field]))).toBe(true);
    expect(isCameraTiff(tiff([[262, 3, 1, 2]]))).toBe(false);
  });
});

describe("withSegmentsOf", () => {
  const segment = (marker: number, content: string) =>
    Uint8Array.of(0xff, marker, 0, content.length + 2, ...latin1(content));
  const scan = Uint8Array.of(0xff, 0xda, 0, 3, 0, 1, 2, 3, 0xff, 0xd9);
  const jpeg = (...segments: Uint8Array[]) =>
    Uint8Array.of(0xff, 0xd8, ...segments.flatMap((each) => [...each]), ...scan);

  test("keeps the source's description and the coder's way of coding", () => {
    const source = jpeg(
      segment(0xe1, "Exif\0\0own"),
      segment(0xee, "Adobe source"),
      segment(0xe2, "MPF\0 further pictures"),
      segment(0xe2, "ICC_PROFILE\0own"),
      segment(0xfe, "comment"),
    );
    const coded = jpeg(segment(0xe0, "JFIF\0coder"), segment(0xee, "Adobe coder"), segment(0xdb, "tables"));
    expect(withSegmentsOf(source, coded)).toEqual(
      jpeg(
        segment(0xe1, "Exif\0\0own"),
        segment(0xe2, "ICC_PROFILE\0own"),
        segment(0xfe, "comment"),
        segment(0xee, "Adobe coder"),
        segment(0xdb, "tables"),
      ),
    );
  });
});
