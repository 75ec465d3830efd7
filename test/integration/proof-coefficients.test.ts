import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex } from "#imaging/proof/block-digest.ts";
import { examinePair } from "#imaging/proof/examine-pair.ts";
import { JpegCoefficients } from "#imaging/proof/jpeg-coefficients.ts";
import { generateProofKey, publicKeyPem, recordBytes, signRecord } from "#imaging/proof/sign-record.ts";
import { ProofKernel } from "#imaging/wasm/proof-kernel.ts";
import { loadProofTools } from "../../server/adapters/proof/proof-tools.ts";
import { blockPlaces, canonicalBlocks } from "../fixtures/pictures/canonical-blocks.ts";
import { codedPictures } from "../fixtures/pictures/coded-pictures.ts";
import { photo, samples } from "../fixtures/pictures/pictures.ts";
import { real } from "../support/real-components.ts";

/** libjpeg's own coefficients, through the Python package jpeglib: rows and columns of blocks of each component, then
 *  64 coefficients a block, natural order, 16 bits little-endian. Or Pillow writes a JPEG that sharp does not. */
const READ = `
import sys, numpy, jpeglib
jpeglib.version.set("turbo210")
d = jpeglib.read_dct(sys.argv[1])
with open(sys.argv[2], "wb") as f:
    for name in ("Y", "Cb", "Cr", "K"):
        plane = getattr(d, name, None)
        if plane is None: continue
        f.write(numpy.array(plane.shape[:2], dtype="<u4").tobytes())
        f.write(plane.reshape(plane.shape[0], plane.shape[1], 64).astype("<i2").tobytes())
`;
const WRITE = `
import sys, json
from PIL import Image
mode, width, height, options = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), json.loads(sys.argv[5])
Image.frombytes(mode, (width, height), sys.stdin.buffer.read()).save(sys.argv[1], "JPEG", **options)
`;

const python = real("python");
const hasJpeglib =
  python !== undefined && spawnSync(python, ["-c", "import jpeglib, PIL, cryptography"]).status === 0;
if (!hasJpeglib && process.env.REQUIRE_REAL === "1")
  throw new Error(
    "REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON lacks packages: pip install jpeglib pillow cryptography.",
  );

const size = { width: 331, height: 217 };
const CHANNELS = { L: 1, RGB: 3, CMYK: 4 } as const;

function byPillow(mode: keyof typeof CHANNELS, options: object): (path: string) => Promise<void> {
  return async (path) => {
    const args = ["-c", WRITE, path, mode, String(size.width), String(size.height), JSON.stringify(options)];
    const { status, stderr } = spawnSync(python!, args, { input: samples(size, CHANNELS[mode]) });
    if (status !== 0) throw new Error(String(stderr));
  };
}
function bySharp(options: Parameters<ReturnType<typeof photo>["jpeg"]>[0], channels: 1 | 3 = 3) {
  return async (path: string) => {
    const picture = channels === 1 ? photo(size, 1).toColourspace("b-w") : photo(size);
    await writeFile(path, await picture.jpeg(options).toBuffer());
  };
}

const pictures: [string, (path: string) => Promise<void>][] = [
  ["4:4:4", bySharp({ chromaSubsampling: "4:4:4" })],
  ["4:2:0", bySharp({})],
  ["4:2:0 with optimised tables", bySharp({ optimiseCoding: true })],
  ["progressive 4:2:0", bySharp({ progressive: true })],
  ["progressive with optimised scans", bySharp({ mozjpeg: true, quality: 95 })],
  ["grey", bySharp({}, 1)],
  ["progressive grey", bySharp({ progressive: true, quality: 50 }, 1)],
  ["4:2:2", byPillow("RGB", { subsampling: "4:2:2", quality: 88 })],
  ["progressive 4:2:2", byPillow("RGB", { subsampling: "4:2:2", progressive: true, quality: 88 })],
  ["with restart markers", byPillow("RGB", { restart_marker_blocks: 5 })],
  ["with restart markers by row", byPillow("RGB", { restart_marker_rows: 1, optimize: true })],
  ["progressive with restart markers", byPillow("RGB", { restart_marker_blocks: 7, progressive: true })],
  ["CMYK", byPillow("CMYK", { quality: 90 })],
  ["progressive CMYK", byPillow("CMYK", { quality: 90, progressive: true })],
  ["grey with restart markers", byPillow("L", { restart_marker_blocks: 3 })],
  ...codedPictures().map(([name, bytes]): [string, (path: string) => Promise<void>] => [
    name,
    (path) => writeFile(path, bytes),
  ]),
];

describe.skipIf(!hasJpeglib)("the proof reads the coefficients that libjpeg reads", () => {
  let folder: string;
  let kernel: ProofKernel;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-proof-"));
    kernel = await ProofKernel.load();
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(pictures)("%s", async (_, make) => {
    const [file, read] = [join(folder, "picture.jpg"), join(folder, "coefficients")];
    await make(file);
    await promisify(execFile)(python!, ["-c", READ, file, read]);
    const theirs = planes(await readFile(read));

    kernel.reset();
    const picture = new JpegCoefficients(kernel, 0, new Uint8Array(await readFile(file)));
    expect(theirs).toHaveLength(picture.frame.components.length);
    const blocks = canonicalBlocks(kernel, picture);
    const places = blockPlaces(picture);
    expect(blocks).toHaveLength(places.length);
    const wrong = places.filter(({ component, x, y }, i) => {
      const { columns, values } = theirs[component]!;
      const natural = values.subarray((y * columns + x) * 64, (y * columns + x + 1) * 64);
      return !blocks[i]!.every((value, k) => value === natural[ZIGZAG[k]!]);
    });
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(!hasJpeglib)("a record is checked without Platemark", () => {
  const script = fileURLToPath(new URL("../../docs/guides/check_proof.py", import.meta.url));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-check-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(pictures.slice(0, 15).filter((_, i) => i % 2 === 1))(
    "by libjpeg and Python: %s",
    async (_, make) => {
      const at = (name: string) => join(folder, name);
      await make(at("original.jpg"));
      const original = new Uint8Array(await readFile(at("original.jpg")));
      // A comment more: other bytes, the same coefficients.
      const comment = [0xff, 0xfe, 0, 4, 0x68, 0x69];
      const marked = Uint8Array.from([...original.subarray(0, 2), ...comment, ...original.subarray(2)]);
      const tools = await loadProofTools();
      const touched = [{ left: 100, top: 70, width: 90, height: 41 }];
      const finding = await examinePair({ original, marked }, { touched, claims: "exact" }, tools);
      if (!finding.proven) throw new Error(finding.reason);
      const key = await generateProofKey();
      const file = async (bytes: Uint8Array) => {
        const sha256 = hex(await tools.sha256(bytes));
        return { ...finding.facts, sha256, bytes: bytes.length, key: "Küche/1.jpg" };
      };
      const record = await signRecord(
        {
          proofVersion: 1,
          original: await file(original),
          marked: await file(marked),
          template: { name: "© “ecke”", version: "1" },
          evidence: finding.evidence,
          software: { name: "platemark", version: "0" },
          traceId: "",
          time: "2026-11-25T18:00:00.000Z",
        },
        key,
      );
      await writeFile(at("marked.jpg"), marked);
      await writeFile(at("record.json"), recordBytes(record));
      await writeFile(at("key.pem"), publicKeyPem(key));
      const run = (marked: string) =>
        promisify(execFile)(python!, [script, ...["original.jpg", marked, "record.json", "key.pem"].map(at)]);
      await expect(run("marked.jpg")).resolves.toMatchObject({ stdout: expect.stringContaining("Proven") });
      await expect(run("original.jpg")).rejects.toThrow("another marked");
    },
  );
});

/** By the rule of ITU-T T.81, figure A.6: up one diagonal, down the next. */
const ZIGZAG = Array.from({ length: 64 }, (_, i) => [i >> 3, i & 7] as const)
  .sort(([y0, x0], [y1, x1]) => x0 + y0 - x1 - y1 || ((x0 + y0) % 2 === 0 ? x0 - x1 : y0 - y1))
  .map(([y, x]) => y * 8 + x);

function planes(file: Buffer): { columns: number; values: Int16Array }[] {
  const found = [];
  for (let at = 0; at < file.length; ) {
    const [rows, columns] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    const end = at + 8 + rows * columns * 128;
    found.push({ columns, values: new Int16Array(Uint8Array.from(file.subarray(at + 8, end)).buffer) });
    at = end;
  }
  return found;
}
