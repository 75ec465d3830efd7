import { brotliCompressSync, gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROTLI, COMPRESSIONS, GZIP } from "./compression.ts";

const MIB = 1024 * 1024;

describe.each([...COMPRESSIONS.values()])("$name", (compression) => {
  const pack = compression === GZIP ? gzipSync : brotliCompressSync;

  test("gives back what it was given", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
        const packed = await compression.compress(bytes);
        expect(Buffer.from(await compression.decompress(packed, 8 * MIB)).equals(bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("stops a bomb: beyond the limit, and beyond the ratio that real messages reach", async () => {
    const bomb = pack(Buffer.alloc(64 * MIB));
    await expect(compression.decompress(bomb, 8 * MIB)).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringMatching(/bytes after|times/),
    });
    const dense = pack(Buffer.alloc(4 * MIB));
    await expect(compression.decompress(dense, 8 * MIB)).rejects.toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: expect.stringMatching(/200 times/),
    });
    const small = pack(Buffer.alloc(MIB));
    expect(await compression.decompress(small, 8 * MIB)).toHaveLength(MIB);
  });

  test("refuses what is not of its form, and half of it", async () => {
    for (const wrong of [
      Buffer.from("plain text, no more"),
      pack(Buffer.from("a".repeat(999))).subarray(0, 10),
    ])
      await expect(compression.decompress(wrong, MIB)).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

test("brotli packs denser than gzip", async () => {
  const json = Buffer.from(
    JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ id: index, name: "IMG" }))),
  );
  expect((await BROTLI.compress(json)).length).toBeLessThan((await GZIP.compress(json)).length);
});
