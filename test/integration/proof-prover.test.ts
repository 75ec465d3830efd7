import { hash } from "node:crypto";
import { tmpdir } from "node:os";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { checkPair, checkPairWithRecord } from "#imaging/proof/check-pair.ts";
import { generateProofKey, type ProofPrivateKey, parseRecord } from "#imaging/proof/sign-record.ts";
import { withTagsOf } from "#imaging/tiff-writer.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { loadProofTools } from "../../server/adapters/proof/proof-tools.ts";
import { createPictureProver } from "../../server/adapters/proof/prover.ts";
import type { ImageMarker, TouchedBox } from "../../server/services/ports/image-marker.ts";
import type { PictureProver, ProofRequest } from "../../server/services/ports/picture-prover.ts";
import { codedPictures } from "../fixtures/pictures/coded-pictures.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { animation, photo, photo16 } from "../fixtures/pictures/pictures.ts";
import { writeGif } from "../fixtures/pictures/written-gif.ts";

const size = { width: 480, height: 320 };
const metadata = { IFD0: { Copyright: "Studio Kern", Orientation: "6" } };

let key: ProofPrivateKey;
let marker: ImageMarker;
let prover: PictureProver;
beforeAll(async () => {
  key = await generateProofKey();
  const options = { threads: 1, memoryBudgetBytes: 1e9 };
  marker = createImageMarker({ ...options, tempDir: tmpdir(), logger: silentLogger });
  const deps = { clock: systemClock, logger: silentLogger };
  prover = createPictureProver({ ...options, key, version: "1.2.3" }, deps);
});
afterAll(async () => {
  await marker.close();
  await prover.close();
});

/** With the hash of the original that the worker has verified when it was fetched. */
const prove = (request: Omit<ProofRequest, "originalSha256">) =>
  prover.prove({ ...request, originalSha256: hash("sha256", request.original, "hex") });

async function marked(original: Uint8Array): Promise<{ marked: Uint8Array; touched: TouchedBox[] }> {
  const { body, touched } = await marker.mark(original, { mark: DEFAULT_MARK });
  return { marked: body, touched: [...touched] };
}

const onPage = (boxes: readonly TouchedBox[], wanted: number) =>
  boxes.filter(({ page }) => page === wanted).map(({ page: _page, ...box }) => box);
const names = {
  template: { name: "corner", version: "ab".repeat(32) },
  objectKey: "raw/kern/1",
  markedKey: "watermarked/kern/1",
  traceId: "5e6fbb7ef845433bb71a0fba00399a90",
};

/** A photograph whose left half is transparent and, where nobody sees it, bright. */
async function hiddenColours() {
  const data = await photo(size).ensureAlpha().raw().toBuffer();
  for (let i = 0; i < data.length; i += 4)
    if ((i >> 2) % size.width < size.width / 2) data.set([255, 0, i & 255, 0], i);
  return sharp(data, { raw: { ...size, channels: 4 } });
}

const kinds: [string, () => Promise<Uint8Array>, string][] = [
  [
    "a JPEG",
    () => photo(size).withExif(metadata).jpeg({ optimiseCoding: false }).toBuffer(),
    "exact coefficients",
  ],
  [
    "a JPEG with restart markers",
    async () => {
      const plain = await photo(size).jpeg({ chromaSubsampling: "4:4:4", optimiseCoding: false }).toBuffer();
      return writeJpeg(readCoefficients(plain), { restartInterval: 7 });
    },
    "exact coefficients",
  ],
  ["a grey JPEG", () => photo(size, 1).toColourspace("b-w").jpeg().toBuffer(), "exact coefficients"],
  ["a progressive JPEG", () => photo(size).jpeg({ progressive: true }).toBuffer(), "exact coefficients"],
  ...codedPictures().map(([name, bytes]): (typeof kinds)[number] => [
    `a JPEG, ${name}`,
    async () => bytes,
    "exact coefficients",
  ]),
  ["a PNG", () => photo(size).withExif(metadata).png().toBuffer(), "exact pixels"],
  ["a PNG of 16 bits with transparency", () => photo16(size, 4).png().toBuffer(), "exact pixels"],
  ["a TIFF", () => photo16(size).tiff({ compression: "lzw" }).toBuffer(), "exact pixels"],
  ["a lossless WebP", () => photo(size).webp({ lossless: true }).toBuffer(), "exact pixels"],
  ["a lossy WebP", () => photo(size).webp({ quality: 70 }).toBuffer(), "bounded pixels"],
  [
    "a lossy WebP of bright colours that nobody sees",
    async () => (await hiddenColours()).webp({ quality: 70, exact: true }).toBuffer(),
    "bounded pixels",
  ],
  ["a GIF without a transparent colour", async () => writeGif(240, 160), "exact pixels"],
  ["an animated WebP", () => animation().webp({ lossless: true }).toBuffer(), "exact pixels"],
  ["an animated GIF", () => animation({ width: 240, height: 160 }).gif().toBuffer(), "bounded pixels"],
  ["an AVIF", () => photo(size).avif({ quality: 60, effort: 2 }).toBuffer(), "bounded pixels"],
];

describe("proves what the marker has made, and anybody can check the record", () => {
  test.each(kinds)("%s", async (_, make, expected) => {
    const original = new Uint8Array(await make());
    const pair = await marked(original);
    const proof = await prove({ original, ...pair, ...names });
    const record = parseRecord(proof.record);
    expect(`${record.evidence.class} ${record.evidence.basis}`).toBe(expected);
    expect(proof.class).toBe(record.evidence.class);
    expect(record).toMatchObject({
      template: names.template,
      original: { key: names.objectKey, bytes: original.length },
      marked: { key: names.markedKey, bytes: pair.marked.length },
      software: { name: "platemark", version: "1.2.3" },
      traceId: names.traceId,
    });
    expect(record.evidence.metadata).toMatchObject({ changed: [], lost: [] });
    const both = { original, marked: pair.marked };
    const tools = await loadProofTools();
    expect(await checkPairWithRecord(both, record, key, tools)).toMatchObject({ proven: true });
  });

  test("a TIFF of two pages, each with a mark where its own size wants it", async () => {
    const sizes = [size, { width: 200, height: 300 }];
    const pages = await Promise.all(sizes.map((each) => photo(each).tiff({ compression: "lzw" }).toBuffer()));
    const original = withTagsOf(pages[0]!, pages);
    const pair = await marked(original);
    const record = parseRecord((await prove({ original, ...pair, ...names })).record);
    expect(record.evidence).toMatchObject({
      class: "exact",
      touched: onPage(pair.touched, 0),
      furtherPages: [onPage(pair.touched, 1)],
    });
    const [box] = record.evidence.furtherPages[0]!;
    expect(box!.left + box!.width).toBeLessThanOrEqual(200);
    expect(box!.top).toBeGreaterThan(200);
    const check = checkPairWithRecord({ original, marked: pair.marked }, record, key, await loadProofTools());
    expect(await check).toMatchObject({ proven: true });
  });

  test("the metadata that are kept are named", async () => {
    const original = new Uint8Array(
      await photo(size).withExif(metadata).withIccProfile("p3").jpeg({ optimiseCoding: false }).toBuffer(),
    );
    const { record } = await prove({ original, ...(await marked(original)), ...names });
    expect(parseRecord(record).evidence.metadata.kept).toEqual(expect.arrayContaining(["EXIF", "ICC"]));
  });
});

describe("a JPEG that was coded again", () => {
  /** Decoded, a white box laid over it, and coded as the original was. */
  async function codedAgain(original: Uint8Array, options: { quality: number; chromaSubsampling?: string }) {
    const box = { left: 320, top: 240, width: 128, height: 48 };
    const white = {
      create: { width: box.width, height: box.height, channels: 3, background: "#fff" },
    } as const;
    const overlay = [{ input: await sharp(white).png().toBuffer(), left: box.left, top: box.top }];
    const jpeg = await sharp(original).composite(overlay).keepMetadata().jpeg(options).toBuffer();
    return { original, marked: new Uint8Array(jpeg), touched: [{ ...box, page: 0 }] };
  }

  test.each([{ quality: 80 }, { quality: 92, chromaSubsampling: "4:4:4" }])(
    "is proven within bounds that the record states: %o",
    async (options) => {
      const original = new Uint8Array(
        await photo(size)
          .jpeg({ ...options, quality: 60, progressive: true })
          .toBuffer(),
      );
      const pair = await codedAgain(original, options);
      const record = parseRecord((await prove({ ...pair, ...names })).record);
      const { evidence } = record;
      if (evidence.class !== "bounded") throw new Error(evidence.class);
      expect(evidence.measured).toHaveLength(3);
      for (const { max, mean, tile } of evidence.measured) {
        expect(max).toBeLessThanOrEqual(evidence.bounds.max);
        expect(mean).toBeLessThanOrEqual(evidence.bounds.mean);
        expect(tile).toBeLessThanOrEqual(evidence.bounds.tile);
        expect(mean).toBeGreaterThan(0);
      }
      const check = await checkPairWithRecord(pair, record, key, await loadProofTools());
      expect(check).toMatchObject({ proven: true, evidence: { class: "bounded" } });
    },
  );

  test("is found to be near its original without a record, too", async () => {
    const original = new Uint8Array(await photo(size).jpeg({ quality: 60, progressive: true }).toBuffer());
    const pair = await codedAgain(original, { quality: 80 });
    expect(await checkPair(pair, await loadProofTools())).toMatchObject({
      proven: true,
      evidence: { class: "bounded", touched: [{ left: 320, top: 224, width: 128, height: 64 }] },
    });
  });

  test("with a mark over all of it has only its whole measured", async () => {
    const original = new Uint8Array(await photo(size).jpeg({ progressive: true }).toBuffer());
    const { marked } = await codedAgain(original, { quality: 80 });
    const touched = [{ left: 0, top: 0, ...size, page: 0 }];
    const proof = await prove({ original, marked, touched, ...names });
    expect(proof.class).toBe("whole_image");
    const record = parseRecord(proof.record);
    const pair = { original, marked };
    expect(await checkPairWithRecord(pair, record, key, await loadProofTools())).toMatchObject({
      proven: true,
    });
  });
});

describe("a change outside the mark", () => {
  /** One coefficient of the first MCU, by one. */
  function withOneCoefficient(jpeg: Uint8Array): Uint8Array {
    const coefficients = readCoefficients(jpeg);
    coefficients.blocks[0]![5]! += 1;
    return new Uint8Array(writeJpeg(coefficients, { restartInterval: 7 }));
  }

  test("of one coefficient fails the proof, and says where", async () => {
    const plain = await photo(size).jpeg({ chromaSubsampling: "4:4:4", optimiseCoding: false }).toBuffer();
    const original = writeJpeg(readCoefficients(plain), { restartInterval: 7 });
    const pair = await marked(original);
    const changed = withOneCoefficient(pair.marked);
    await expect(prove({ original, ...pair, marked: changed, ...names })).rejects.toMatchObject({
      code: "proof.failed",
      retry: "never",
      details: { reason: "outside", left: 0, top: 0, width: 8, height: 8 },
    });
  });

  test.each(["arithmetic 444", "progressive 422 fine restart", "scans 420"])(
    "of a few blocks fails the proof, written in the same way as the mark: %s",
    async (wanted) => {
      const original = codedPictures().find(([name]) => name === wanted)![1];
      const pair = await marked(original);
      const elsewhere = { ...DEFAULT_MARK, size: 0.1, position: "top_left" } as const;
      const { body: changed, path } = await marker.mark(pair.marked, { mark: elsewhere });
      expect(path).not.toBe("recoded");
      const attempt = { original, ...pair, marked: changed, ...names };
      await expect(prove({ ...attempt, claims: "exact" })).rejects.toMatchObject({
        code: "proof.failed",
        details: { reason: "outside" },
      });
      // Nobody has said how it was marked: so many of its blocks differ that it may have been coded again.
      await expect(prove(attempt)).rejects.toMatchObject({ code: "proof.failed" });
    },
  );

  test("of one pixel by one fails the proof, and says where", async () => {
    const original = new Uint8Array(await photo(size).png().toBuffer());
    const pair = await marked(original);
    const raw = await sharp(pair.marked).raw().toBuffer();
    raw[3 * (100 * size.width + 50)]! ^= 1;
    const changed = new Uint8Array(
      await sharp(raw, { raw: { ...size, channels: 3 } })
        .png()
        .toBuffer(),
    );
    await expect(prove({ original, ...pair, marked: changed, ...names })).rejects.toMatchObject({
      code: "proof.failed",
      details: { reason: "outside", left: 48, top: 96, width: 16, height: 16 },
    });
  });

  test("of a detail fails the proof of a picture that was coded again", async () => {
    const original = new Uint8Array(await photo(size).webp({ quality: 70 }).toBuffer());
    const pair = await marked(original);
    const patch = await sharp({ create: { width: 60, height: 40, channels: 3, background: "#802020" } })
      .png()
      .toBuffer();
    const changed = new Uint8Array(
      await sharp(pair.marked)
        .composite([{ input: patch, left: 40, top: 40 }])
        .webp({ quality: 90 })
        .toBuffer(),
    );
    await expect(prove({ original, ...pair, marked: changed, ...names })).rejects.toMatchObject({
      code: "proof.failed",
      details: { reason: "bounds" },
    });
  });

  test("of the format or the size fails the proof", async () => {
    const original = new Uint8Array(await photo(size).png().toBuffer());
    const pair = await marked(original);
    for (const other of [sharp(pair.marked).jpeg(), sharp(pair.marked).resize(100).png()]) {
      const changed = new Uint8Array(await other.toBuffer());
      await expect(prove({ original, ...pair, marked: changed, ...names })).rejects.toMatchObject({
        code: "proof.failed",
        details: { reason: "kind" },
      });
    }
  });

  test("that nobody can read says so", async () => {
    const original = new Uint8Array(await photo(size).png().toBuffer());
    const pair = await marked(original);
    const cut = pair.marked.slice(0, pair.marked.length / 2);
    await expect(prove({ original, ...pair, marked: cut, ...names })).rejects.toMatchObject({
      code: "picture.truncated",
    });
  });
});

describe("the prover", () => {
  test("leaves the caller's bytes alone, and proves several at once", async () => {
    const originals = await Promise.all(
      [60, 70, 80].map(async (quality) => new Uint8Array(await photo(size).jpeg({ quality }).toBuffer())),
    );
    const pairs = await Promise.all(
      originals.map(async (original) => ({ original, ...(await marked(original)), ...names })),
    );
    const copies = pairs.map((pair) => Uint8Array.from(pair.marked));
    const proofs = await Promise.all(pairs.map((pair) => prove(pair)));
    expect(pairs.map((pair) => pair.marked)).toEqual(copies);
    const hashes = proofs.map(({ record }) => parseRecord(record).original.sha256);
    expect(new Set(hashes).size).toBe(3);
  });

  test("takes back what is cancelled, and nothing once it is closed", async () => {
    const original = new Uint8Array(await photo(size).jpeg().toBuffer());
    const pair = { original, ...(await marked(original)), ...names };
    await expect(prove({ ...pair, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
    const other = createPictureProver(
      { threads: 1, memoryBudgetBytes: 1e9, key, version: "1" },
      { clock: systemClock, logger: silentLogger },
    );
    await other.close();
    await expect(other.prove({ ...pair, originalSha256: "" })).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("without a record", () => {
  test.each(kinds.slice(0, 6))("the touched region of %s is found", async (_, make) => {
    const original = new Uint8Array(await make());
    const pair = await marked(original);
    const finding = await checkPair({ original, marked: pair.marked }, await loadProofTools());
    if (!finding.proven) throw new Error(finding.reason);
    expect(finding.evidence.class).toBe("exact");
    const [box] = pair.touched;
    for (const { left, top, width, height } of finding.evidence.touched) {
      expect(left).toBeGreaterThanOrEqual(box!.left - 16);
      expect(top).toBeGreaterThanOrEqual(box!.top - 16);
      expect(left + width).toBeLessThanOrEqual(box!.left + box!.width + 16);
      expect(top + height).toBeLessThanOrEqual(box!.top + box!.height + 16);
    }
    expect(finding.evidence.touched.length).toBeGreaterThan(0);
  });

  test("two equal files are equal everywhere", async () => {
    const original = new Uint8Array(await photo(size).jpeg().toBuffer());
    const finding = await checkPair({ original, marked: original }, await loadProofTools());
    expect(finding).toMatchObject({ proven: true, evidence: { class: "exact", touched: [] } });
  });

  test("a picture that is another one altogether has only its whole measured", async () => {
    const original = new Uint8Array(await photo(size).jpeg().toBuffer());
    const marked = new Uint8Array(await photo(size).negate().jpeg().toBuffer());
    const finding = await checkPair({ original, marked }, await loadProofTools());
    expect(finding).toMatchObject({ proven: true, evidence: { class: "whole_image" } });
  });
});
