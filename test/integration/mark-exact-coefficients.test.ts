import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { readScanHeader } from "#imaging/jpeg/scan-header.ts";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { readCoefficients, writeJpeg } from "../fixtures/pictures/jpeg-coefficients.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";
import { real } from "../support/real-components.ts";

/** libjpeg's own coefficients, through the Python package jpeglib: for each component [row, column] of changed blocks. */
const COMPARE = `
import sys, json, jpeglib
a, b = jpeglib.read_dct(sys.argv[1]), jpeglib.read_dct(sys.argv[2])
planes = [(getattr(a, n), getattr(b, n)) for n in ("Y", "Cb", "Cr") if getattr(a, n) is not None]
print(json.dumps([[list(p) for p in zip(*[x.tolist() for x in (u != v).any(axis=(2, 3)).nonzero()])] for u, v in planes]))
`;

const python = real("python");
const hasJpeglib = python !== undefined && spawnSync(python, ["-c", "import jpeglib"]).status === 0;
if (!hasJpeglib && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON has no jpeglib: pip install jpeglib.");

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
];

describe.skipIf(!hasJpeglib)("libjpeg finds the same coefficients outside the touched MCUs", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-coefficients-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(pictures)("%s", async (_, make) => {
    const tools = await loadMarkTools(folder);
    const source = await make();
    const facts = await inspectPicture(source, 1e9);
    const tiles = await textTiles(DEFAULT_MARK, facts, tools);
    const spliced = await new JpegSplicer().mark(source, facts, tiles);
    const header = readScanHeader(source);
    if (!spliced.exact || !header.exact) throw new Error("not exact");
    const mask = tiles[0]!;
    const files = [join(folder, "before.jpg"), join(folder, "after.jpg")] as const;
    await Promise.all([writeFile(files[0], source), writeFile(files[1], spliced.bytes)]);
    const { stdout } = await promisify(execFile)(python!, ["-c", COMPARE, ...files]);
    const changed = JSON.parse(stdout) as [row: number, column: number][][];

    expect(changed).toHaveLength(header.components.length);
    expect(changed[0]!.length).toBeGreaterThan(5);
    for (const [i, { horizontal, vertical }] of header.components.entries())
      for (const [row, column] of changed[i]!) {
        const [w, h] = [(8 * header.maxHorizontal) / horizontal, (8 * header.maxVertical) / vertical];
        expect((column + 1) * w).toBeGreaterThan(mask.left);
        expect(column * w).toBeLessThan(mask.left + mask.width);
        expect((row + 1) * h).toBeGreaterThan(mask.top);
        expect(row * h).toBeLessThan(mask.top + mask.height);
      }
  });
});
