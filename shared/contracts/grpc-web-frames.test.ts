import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GrpcWebFrameReader } from "./grpc-web-frames.ts";

/** More of them: PLATEMARK_FUZZ=1000000. */
const RUNS = Number(process.env.PLATEMARK_FUZZ ?? 500);
const TIMEOUT_MS = 30_000 + 10 * RUNS;
const MAX_BYTES = 64;

function frame(flags: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = flags;
  new DataView(bytes.buffer).setUint32(1, body.length);
  bytes.set(body, 5);
  return bytes;
}

const frames = fc.array(
  fc
    .tuple(fc.constantFrom(0, 1, 0x80, 0x81), fc.uint8Array({ maxLength: MAX_BYTES }))
    .map(([flags, body]) => frame(flags, body)),
  { maxLength: 6 },
);

/** Cuts bytes into pieces, some of them empty. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("frames of gRPC-Web", () => {
  test(
    "are the same however the bytes are cut",
    () => {
      fc.assert(
        fc.property(frames, fc.array(fc.nat(1_000), { maxLength: 12 }), (sent, cuts) => {
          const reader = new GrpcWebFrameReader({ maxBytes: MAX_BYTES });
          const whole = Uint8Array.from(sent.flatMap((each) => [...each]));
          const read = pieces(whole, cuts).flatMap((piece) => reader.push(piece));
          expect(read.map(({ bytes }) => [...bytes])).toEqual(sent.map((each) => [...each]));
          expect(read.map(({ flags }) => flags)).toEqual(sent.map((each) => each[0]));
          expect(reader.pending).toBe(0);
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  test(
    "never hold more than one that is not complete, whatever comes",
    () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 8 }), (noise) => {
          const reader = new GrpcWebFrameReader({ maxBytes: MAX_BYTES });
          try {
            for (const piece of noise) {
              for (const { bytes } of reader.push(piece))
                expect(bytes.length).toBeLessThanOrEqual(5 + MAX_BYTES);
              expect(reader.pending).toBeLessThan(5 + MAX_BYTES);
            }
          } catch (error) {
            expect(error).toMatchObject({ code: "resource_exhausted" });
          }
        }),
        { numRuns: RUNS },
      );
    },
    TIMEOUT_MS,
  );

  test("above the limit are refused as soon as their length is known", () => {
    const reader = new GrpcWebFrameReader({ maxBytes: MAX_BYTES });
    expect(() => reader.push(frame(0, new Uint8Array(MAX_BYTES + 1)).subarray(0, 5))).toThrow(/65 bytes/);
  });
});
