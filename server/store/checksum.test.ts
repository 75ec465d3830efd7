import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  announcedChecksum,
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  combineParts,
  startChecksum,
} from "./checksum.ts";

function checksum(algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): string {
  const running = startChecksum(algorithm);
  for (const piece of pieces) running.update(piece);
  return running.digest().toString("base64");
}

const hex = (base64: string) => Buffer.from(base64, "base64").toString("hex");

describe("a checksum", () => {
  test.each([
    ["CRC32", "cbf43926"],
    ["CRC32C", "e3069283"],
    ["CRC64NVME", "ae8b14860a799888"],
  ] as const)("%s of “123456789” is its published check value", (algorithm, expected) => {
    expect(hex(checksum(algorithm, Buffer.from("123456789")))).toBe(expected);
  });

  test("does not depend on how the bytes were cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        for (const algorithm of CHECKSUM_ALGORITHMS)
          expect(checksum(algorithm, bytes.subarray(0, cut), bytes.subarray(cut))).toBe(
            checksum(algorithm, bytes),
          );
      }),
    );
  });

  test("CRC32 is zlib's", () => {
    const bytes = Buffer.alloc(100_000, "zlib");
    expect(hex(checksum("CRC32", bytes))).toBe(crc32(bytes).toString(16).padStart(8, "0"));
  });
});

describe("the checksum of an upload", () => {
  test("is that of the whole, computed from the parts' alone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("CRC32", "CRC32C", "CRC64NVME"),
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
        (algorithm, bodies) => {
          const parts = bodies.map((body) => ({ checksum: checksum(algorithm, body), size: body.length }));
          const whole = combineParts(algorithm, "FULL_OBJECT", parts);
          expect(whole.value).toBe(checksum(algorithm, ...bodies));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("is quick for ten thousand parts of one length", () => {
    const zeros = checksum("CRC64NVME", new Uint8Array(8));
    const parts = Array.from({ length: 10_000 }, () => ({ checksum: zeros, size: 8 }));
    const expected = checksum("CRC64NVME", new Uint8Array(80_000));
    expect(combineParts("CRC64NVME", "FULL_OBJECT", parts).value).toBe(expected);
  });

  test("composite, is the checksum of the checksums with their count", () => {
    const parts = ["a", "b"].map((text) => ({ checksum: checksum("SHA256", Buffer.from(text)), size: 1 }));
    const outer = checksum("SHA256", ...parts.map((part) => Buffer.from(part.checksum, "base64")));
    expect(combineParts("SHA256", "COMPOSITE", parts).value).toBe(`${outer}-2`);
  });

  test("cannot be of the full object for a hash", () => {
    const combine = () => combineParts("SHA256", "FULL_OBJECT", [{ checksum: "", size: 0 }]);
    expect(combine).toThrow(expect.objectContaining({ code: "InvalidRequest" }));
  });
});

describe("what a client announces", () => {
  test("is one checksum, at once or in a trailer", () => {
    expect(announcedChecksum({ "x-amz-checksum-crc32": "NSRBwg==" })).toEqual({
      algorithm: "CRC32",
      value: "NSRBwg==",
    });
    expect(announcedChecksum({ "x-amz-trailer": "X-Amz-Checksum-CRC32C" })).toEqual({
      algorithm: "CRC32C",
      value: undefined,
    });
    expect(announcedChecksum({})).toBeNull();
  });

  test.each([
    ["two of them", { "x-amz-checksum-crc32": "NSRBwg==", "x-amz-checksum-crc32c": "Nks/tw==" }],
    ["one of the wrong length", { "x-amz-checksum-crc32": "NSRB" }],
    ["no base64", { "x-amz-checksum-crc32": "????????" }],
  ])("is refused when it is %s", (_title, headers) => {
    expect(() => announcedChecksum(headers)).toThrow(expect.objectContaining({ code: "InvalidRequest" }));
  });
});
