import { hash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PROOF_VERSION, type ProofRecord } from "#contracts/proof-record.ts";
import { readCoefficients, writeJpeg } from "../../../test/fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../../../test/fixtures/pictures/pictures.ts";
import { ProofKernel } from "../wasm/proof-kernel.ts";
import { hex } from "./block-digest.ts";
import { checkPair, checkPairWithRecord } from "./check-pair.ts";
import type { DecodedPicture } from "./decoded-picture.ts";
import { examinePair, type Pair, type ProofTools } from "./examine-pair.ts";
import { generateProofKey, type ProofPrivateKey, signRecord } from "./sign-record.ts";

let tools: ProofTools;
let key: ProofPrivateKey;
let first: { pair: Pair; record: ProofRecord };
let second: { pair: Pair; record: ProofRecord };

/** A JPEG, and one in which some coefficients of an MCU in the middle are others. */
async function make(width: number, quality: number) {
  const plain = await photo({ width, height: 96 }).jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
  const coefficients = readCoefficients(plain);
  const original = writeJpeg(coefficients);
  const columns = Math.ceil(width / 8);
  const mcu = 3 * (5 * columns + 4);
  const blocks = coefficients.blocks.map((block, i) =>
    i >= mcu && i < mcu + 3 ? block.map((value, k) => (k < 9 ? value + 5 : value)) : block,
  );
  const pair = { original, marked: writeJpeg({ ...coefficients, blocks }) };
  const touched = [{ left: 35, top: 41, width: 3, height: 2 }];
  const finding = await examinePair(pair, { touched }, tools);
  if (!finding.proven) throw new Error(finding.reason);
  const file = (bytes: Uint8Array) => ({
    ...finding.facts,
    sha256: hex(hash("sha256", bytes, "buffer")),
    bytes: bytes.length,
    key: null,
  });
  const record = await signRecord(
    {
      proofVersion: PROOF_VERSION,
      original: file(pair.original),
      marked: file(pair.marked),
      template: { name: "corner", version: "1" },
      evidence: finding.evidence,
      software: { name: "platemark", version: "0" },
      traceId: "",
      time: "2026-11-25T18:00:00.000Z",
    },
    key,
  );
  return { pair, record };
}

beforeAll(async () => {
  tools = {
    kernel: await ProofKernel.load(),
    sha256: (bytes) => hash("sha256", bytes, "buffer"),
    decode: async () => {
      throw new Error("nothing is decoded here");
    },
  };
  key = await generateProofKey();
  first = await make(120, 80);
  second = await make(136, 90);
});

describe("checkPairWithRecord", () => {
  test("finds the pair's own record true, and the evidence again", async () => {
    const check = await checkPairWithRecord(first.pair, first.record, key, tools);
    expect(check).toMatchObject({
      proven: true,
      evidence: { class: "exact", basis: "coefficients", outside: { compared: 179, leftOut: 1 } },
    });
  });

  test("finds any changed byte of either file", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("original" as const, "marked" as const),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (side, at, mask) => {
          const bytes = Uint8Array.from(first.pair[side]);
          bytes[at % bytes.length]! ^= mask;
          const pair = { ...first.pair, [side]: bytes };
          expect(await checkPairWithRecord(pair, first.record, key, tools)).toEqual({
            proven: false,
            reason: side,
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("finds records and files that are swapped", async () => {
    const check = (pair: Pair, record: ProofRecord) => checkPairWithRecord(pair, record, key, tools);
    expect(await check(first.pair, second.record)).toMatchObject({ proven: false, reason: "original" });
    const turned = { original: first.pair.marked, marked: first.pair.original };
    expect(await check(turned, first.record)).toMatchObject({ proven: false, reason: "original" });
    const mixed = { ...first.pair, marked: second.pair.marked };
    expect(await check(mixed, first.record)).toMatchObject({ proven: false, reason: "marked" });
  });

  test("finds evidence that is not true, though somebody has signed it", async () => {
    const { signature: _, key: __, ...claims } = first.record;
    const { evidence } = claims;
    if (evidence.class !== "exact") throw new Error(evidence.class);
    const lies = [
      { ...evidence, touched: [{ left: 0, top: 0, width: 8, height: 8 }] },
      { ...evidence, touched: [...evidence.touched, { left: 0, top: 0, width: 8, height: 8 }] },
      { ...evidence, metadata: { ...evidence.metadata, kept: ["EXIF"] } },
      { ...evidence, digest: { ...evidence.digest, root: "00".repeat(32) } },
      { ...evidence, digest: { ...evidence.digest, blocks: ["0000000000000000"] } },
      { ...evidence, outside: { ...evidence.outside, compared: 180 } },
    ];
    for (const lie of lies) {
      const record = await signRecord({ ...claims, evidence: lie }, key);
      expect(await checkPairWithRecord(first.pair, record, key, tools)).toMatchObject({ proven: false });
    }
  });
});

test("a marked JPEG that breaks the standard is not proven, though a decoder sees nothing", async () => {
  const { original, marked } = first.pair;
  const cut = Uint8Array.from([...marked.subarray(0, marked.length / 2), 0xff, 0xd9]);
  const page = { width: 120, height: 96, channels: 3, samples: new Uint8Array(120 * 96 * 3) };
  const same: DecodedPicture = {
    format: "jpeg",
    lossless: false,
    width: 120,
    height: 96,
    frames: 1,
    bits: 8,
    space: "rgb",
    pages: [page],
    metadata: new Map(),
  };
  const forgiving = { ...tools, decode: async () => same };
  expect(await checkPair({ original, marked: cut }, forgiving)).toMatchObject({ reason: "damaged" });
  // An original may be so: cameras leave out end marks. What was made of it is whole.
  expect(await checkPair({ original: original.slice(0, -2), marked }, forgiving)).toMatchObject({
    proven: true,
    evidence: { basis: "pixels" },
  });
});

describe("checkPair", () => {
  test("finds the MCU that differs, and no other", async () => {
    expect(await checkPair(first.pair, tools)).toMatchObject({
      proven: true,
      evidence: { class: "exact", touched: [{ left: 32, top: 40, width: 8, height: 8 }] },
    });
  });

  test("the digests do not depend on who hashes, at once or later", async () => {
    const later = { ...tools, sha256: async (bytes: Uint8Array) => tools.sha256(Uint8Array.from(bytes)) };
    const webCrypto = {
      ...tools,
      sha256: async (bytes: Uint8Array) =>
        new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)),
    };
    const now = await checkPair(first.pair, tools);
    expect(await checkPair(first.pair, later)).toEqual(now);
    expect(await checkPair(first.pair, webCrypto)).toEqual(now);
  });
});
