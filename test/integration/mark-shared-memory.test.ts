import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { generateProofKey, parseRecord } from "#imaging/proof/sign-record.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { createPictureProver } from "../../server/adapters/proof/prover.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import type { PictureProver } from "../../server/services/ports/picture-prover.ts";
import { animation, photo } from "../fixtures/pictures/pictures.ts";

let marker: ImageMarker;
let prover: PictureProver;
beforeAll(async () => {
  const options = { threads: 1, memoryBudgetBytes: 1e9, logger: silentLogger };
  marker = createImageMarker(options);
  const key = await generateProofKey();
  prover = createPictureProver(
    { ...options, key, version: "1" },
    { clock: systemClock, logger: silentLogger },
  );
});
afterAll(async () => {
  await marker.close();
  await prover.close();
});

/** The bytes in memory that all threads see, with more behind them that is not the picture's. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length + 1000))
    .fill(0xab)
    .subarray(0, bytes.length);
  copy.set(bytes);
  return copy;
}

/** Whether the picture lies in the room; a thread's view of it has another buffer's name. */
function isIn(room: Uint8Array, body: Uint8Array): boolean {
  if (room.length === 0) return false;
  const before = body[0];
  room[0]! ^= 1;
  const follows = body[0] !== before;
  room[0]! ^= 1;
  return follows;
}

const MARK = { mark: DEFAULT_MARK };
const kinds: [string, () => Promise<Uint8Array>][] = [
  ["a JPEG", () => photo().jpeg({ quality: 90 }).toBuffer()],
  ["a JPEG that cannot be spliced", () => photo().jpeg({ progressive: true }).toBuffer()],
  ["a PNG", () => photo().png().toBuffer()],
  ["a WebP", () => photo().webp().toBuffer()],
  ["an animation", () => animation().gif().toBuffer()],
];

describe.each(kinds)("%s in memory that all threads see", (_, make) => {
  test("is marked and proven as one of its own, and stays as it was", async () => {
    const original = new Uint8Array(await make());
    const expected = await marker.mark(original, MARK);
    const given = shared(original);
    const room = new Uint8Array(new SharedArrayBuffer(original.length * 2));
    const { body, touched, path } = await marker.mark(given, { ...MARK, room });
    expect(Buffer.compare(body, expected.body)).toBe(0);
    expect(isIn(room, body)).toBe(path === "spliced");
    const proof = await prover.prove({
      original: given,
      originalSha256: hash("sha256", original, "hex"),
      marked: body,
      touched,
      template: { name: "corner", version: "1" },
      objectKey: "raw/kern/1",
      markedKey: "watermarked/kern/1",
      traceId: "",
    });
    expect(proof.markedSha256).toBe(hash("sha256", expected.body, "hex"));
    const record = parseRecord(proof.record);
    expect(record.marked).toMatchObject({ sha256: proof.markedSha256, bytes: expected.body.length });
    expect(Buffer.compare(given, original)).toBe(0);
  });
});

test("a marked picture that its room is too small for has memory of its own", async () => {
  const original = shared(await photo().jpeg({ quality: 90 }).toBuffer());
  const expected = await marker.mark(original, MARK);
  for (const size of [0, 1, 1000, expected.body.length - 1, expected.body.length]) {
    const room = new Uint8Array(new SharedArrayBuffer(size));
    const { body, path } = await marker.mark(original, { ...MARK, room });
    expect([path, Buffer.compare(body, expected.body)]).toEqual(["spliced", 0]);
    expect(isIn(room, body)).toBe(size === expected.body.length);
  }
});

test("a room that is not shared is not used", async () => {
  const room = new Uint8Array(1e6);
  const { body } = await marker.mark(await photo().jpeg().toBuffer(), { ...MARK, room });
  expect(isIn(room, body)).toBe(false);
});
