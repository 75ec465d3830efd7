import { describe, expect, test } from "vitest";
import { sniffPicture } from "./picture-format.ts";

const bytes = (text: string) =>
  Uint8Array.from(text.padEnd(64, "\0"), (character) => character.charCodeAt(0));

describe("sniffPicture", () => {
  test.each([
    ["\xff\xd8\xff\xe1", "jpeg"],
    ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"],
    ["RIFF\0\0\0\0WEBPVP8 ", "webp"],
    ["GIF89a", "gif"],
    ["II*\0", "tiff"],
    ["MM\0*", "tiff"],
    ["\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "avif"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "avif"],
    ["\0\0\0\x1cftypavis\0\0\0\0avifmsf1miaf", "avif_sequence"],
    ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "heic"],
    ["\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "raw"],
    ["FUJIFILMCCD-RAW 0201", "raw"],
    ["II*\0\x10\0\0\0CR\x02\0", "raw"],
    ["IIU\0\x18\0\0\0", "raw"],
    ["\0\0\0\x18ftypisom\0\0\0\0isommp41", "unknown"],
    ["%PDF-1.7", "unknown"],
    ["<svg xmlns=", "unknown"],
    ["PK\x03\x04", "unknown"],
    ["", "unknown"],
  ])("knows %j by its content", (start, format) => {
    expect(sniffPicture(bytes(start))).toBe(format);
  });

  test("does not read behind the end of a short file", () => {
    for (const length of [0, 1, 3, 7, 11])
      expect(() => sniffPicture(bytes("\0\0\0\x18ftyp").subarray(0, length))).not.toThrow();
  });
});
