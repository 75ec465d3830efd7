import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Base64Decoder } from "./base64.ts";
import { encodePiece } from "./grpc-web-text.ts";

/** Cuts bytes where `cuts` say. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function decode(chunks: readonly Uint8Array[]): Buffer {
  const decoder = new Base64Decoder();
  return Buffer.concat([...chunks.map((chunk) => decoder.push(chunk)), decoder.end()]);
}

describe("base64 in pieces", () => {
  test("is read whole, however it was padded and cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (pieces, cuts) => {
          const wire = Buffer.concat(pieces.map(encodePiece));
          expect(decode(cut(wire, cuts)).equals(Buffer.concat(pieces))).toBe(true);
        },
      ),
    );
  });

  test("may lack its last padding", () => {
    expect(decode([Buffer.from("AAAA"), Buffer.from("AA")])).toEqual(Buffer.from([0, 0, 0, 0]));
    expect(decode([Buffer.from("AAA")])).toEqual(Buffer.from([0, 0]));
  });

  test.each(["AB=C", "A===", "====", "AAAA!AAA", "AA-_", "AAAA\nAAAA", "A"])("refuses %j", (text) => {
    expect(() => decode([Buffer.from(text)])).toThrow("not base64");
  });
});
