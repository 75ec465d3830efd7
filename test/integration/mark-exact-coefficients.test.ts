import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { jpegFrame, jpegSegments } from "#imaging/jpeg-segments.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { exactPath, JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { codedPictures } from "../fixtures/pictures/coded-pictures.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { JFIF, photographLike, SAMPLINGS } from "../fixtures/pictures/jpeg-pictures.ts";
import { photo, samples } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";
import { real } from "../support/real-components.ts";

/** libjpeg's own coefficients, through the Python package jpeglib: for each component [row, column] of changed blocks. */
const COMPARE = `
import sys, json, jpeglib
jpeglib.version.set("turbo210")
a, b = jpeglib.read_dct(sys.argv[1]), jpeglib.read_dct(sys.argv[2])
planes = [(getattr(a, n), getattr(b, n)) for n in ("Y", "Cb", "Cr", "K") if getattr(a, n, None) is not None]
print(json.dumps([[list(p) for p in zip(*[x.tolist() for x in (u != v).any(axis=(2, 3)).nonzero()])] for u, v in planes]))
`;

const python = real("python");
const hasJpeglib = python !== undefined && spawnSync(python, ["-c", "import jpeglib"]).status === 0;
if (!hasJpeglib && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON has no jpeglib: pip install jpeglib.");

/** Pillow writes a JPEG from raw pixels. */
const WRITE = `
import sys, io, json
from PIL import Image
mode, width, height, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
Image.frombytes(mode, (width, height), sys.stdin.buffer.read()).save(sys.stdout.buffer, "JPEG", **options)
`;
const CHANNELS = { L: 1, RGB: 3, CMYK: 4 } as const;

function byPillow(mode: keyof typeof CHANNELS, options: object): () => Promise<Uint8Array> {
  return async () => {
    const args = ["-c", WRITE, mode, String(size.width), String(size.height), JSON.stringify(options)];
    const { status, stdout, stderr } = spawnSync(python!, args, { input: samples(size, CHANNELS[mode]) });
    if (status !== 0) throw new Error(String(stderr));
    return new Uint8Array(stdout);
  };
}

const size = { width: 331, height: 217 };
const pictures: [string, () => Promise<Uint8Array>][] = [
  ["4:4:4", () => photo(size).jpeg({ chromaSubsampling: "4:4:4", optimiseCoding: false }).toBuffer()],
  ["4:2:0", () => photo(size).jpeg({ optimiseCoding: false }).toBuffer()],
  ["4:2:0 with tables of its own", () => photo(size).jpeg({ optimiseCoding: true }).toBuffer()],
  ["grey", () => photo(size, 1).toColourspace("b-w").jpeg({ optimiseCoding: false }).toBuffer()],
  [
    "4:2:0 with restart markers",
    async () => {
      const plain = await photo(size).jpeg({ optimiseCoding: false }).toBuffer();
      return writeJpeg(readCoefficients(plain), { restartInterval: 4 });
    },
  ],
  ...SAMPLINGS.filter(([, sampling]) => sampling.length < 4).flatMap(([name, sampling], i) =>
    [0, 5].map((restartInterval): [string, () => Promise<Uint8Array>] => [
      `${name}, made of numbers, restart interval ${restartInterval}`,
      async () => writeJpeg(photographLike(331, 217, sampling, i), { restartInterval, extra: JFIF }),
    ]),
  ),
];

/** Marked through all their coefficients. */
const others: [string, () => Promise<Uint8Array>][] = [
  ["progressive 4:4:4", () => photo(size).jpeg({ progressive: true, chromaSubsampling: "4:4:4" }).toBuffer()],
  ["progressive 4:2:0", () => photo(size).jpeg({ progressive: true }).toBuffer()],
  ["progressive with optimised scans", () => photo(size).jpeg({ mozjpeg: true, quality: 95 }).toBuffer()],
  ["progressive grey", () => photo(size, 1).toColourspace("b-w").jpeg({ progressive: true }).toBuffer()],
  ["progressive 4:2:2", byPillow("RGB", { subsampling: "4:2:2", progressive: true })],
  [
    "progressive 4:2:2, restart",
    byPillow("RGB", { subsampling: "4:2:2", progressive: true, restart_marker_blocks: 7 }),
  ],
  ["progressive 4:2:0, restart by row", byPillow("RGB", { progressive: true, restart_marker_rows: 1 })],
  ["progressive grey, restart", byPillow("L", { progressive: true, restart_marker_blocks: 3 })],
  ["progressive CMYK", byPillow("CMYK", { progressive: true })],
  ["progressive CMYK, restart", byPillow("CMYK", { progressive: true, restart_marker_blocks: 5 })],
  ...codedPictures().map(([name, bytes]): [string, () => Promise<Uint8Array>] => [name, async () => bytes]),
];

describe.skipIf(!hasJpeglib)("libjpeg finds the same coefficients outside the touched MCUs", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-coefficients-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ...pictures.map(([name, make]) => [name, "spliced", make] as const),
    ...others.map(([name, make]) => [name, "coefficients", make] as const),
  ])("%s (%s)", async (_, path, make) => {
    const tools = await loadMarkTools(folder);
    const source = await make();
    const facts = await inspectPicture(source, 1e9);
    const tiles = await textTiles(DEFAULT_MARK, facts, tools);
    const splicer = new JpegSplicer();
    expect(exactPath(source, facts)).toBe(path);
    const spliced = await splicer[path === "spliced" ? "mark" : "markCoefficients"](source, facts, tiles);
    if (!spliced.exact) throw new Error(spliced.reason);
    const { components, ...header } = frameOf(source);
    const mask = tiles[0]!;
    const files = [join(folder, "before.jpg"), join(folder, "after.jpg")] as const;
    await Promise.all([writeFile(files[0], source), writeFile(files[1], spliced.bytes)]);
    const { stdout } = await promisify(execFile)(python!, ["-c", COMPARE, ...files]);
    const changed = JSON.parse(stdout) as [row: number, column: number][][];

    expect(changed).toHaveLength(components.length);
    expect(changed[0]!.length).toBeGreaterThan(5);
    for (const [i, { horizontal, vertical }] of components.entries())
      for (const [row, column] of changed[i]!) {
        const [w, h] = [(8 * header.maxHorizontal) / horizontal, (8 * header.maxVertical) / vertical];
        expect((column + 1) * w).toBeGreaterThan(mask.left);
        expect(column * w).toBeLessThan(mask.left + mask.width);
        expect((row + 1) * h).toBeGreaterThan(mask.top);
        expect(row * h).toBeLessThan(mask.top + mask.height);
      }
  });
});

/** Sampling, as libjpeg counts it. */
function frameOf(jpeg: Uint8Array) {
  const frame = jpegFrame(jpeg, jpegSegments(jpeg))!;
  const components = frame.components.length === 1 ? [{ horizontal: 1, vertical: 1 }] : frame.components;
  return {
    components,
    maxHorizontal: Math.max(...components.map(({ horizontal }) => horizontal)),
    maxVertical: Math.max(...components.map(({ vertical }) => vertical)),
  };
}
