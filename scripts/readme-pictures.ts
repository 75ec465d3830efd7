/**
 * Makes the pictures of README.md: a sample picture, the same with a mark, and what that changed, 32 times as strong;
 * beside what decoding, marking and coding again at the same quality changes.
 *   node scripts/readme-pictures.ts [FOLDER]      default docs/images
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { proofRecordSchema } from "#contracts/proof-record.ts";
import { jpegCoding } from "#imaging/jpeg-quality.ts";
import { jpegSegments } from "#imaging/jpeg-segments.ts";
import { makeSamplePictures } from "../server/adapters/imaging/sample-pictures.ts";

const PROGRAM = fileURLToPath(new URL("../bin/platemark.mjs", import.meta.url));
/** The red shoe. */
const SAMPLE = 4;
const STRONGER = 32;
/** Pixels. */
const WIDTH = 640;

const TEMPLATE = `template "corner" {
  payload = "© Studio North"
  location = "text(bottom_right, scale=0.08, opacity=0.8)"
}
`;

const into = process.argv[2] ?? "docs/images";
const work = mkdtempSync(join(tmpdir(), "platemark-readme-"));
try {
  const original = (await makeSamplePictures(join(work, "samples"), SAMPLE)).at(-1)!;
  const [template, marked, record] = ["corner.platemark", "marked.jpg", "record.json"].map((name) =>
    join(work, name),
  ) as [string, string, string];
  writeFileSync(template, TEMPLATE);
  const flags = ["--template", template, "--record", record, "--home", join(work, "home")];
  execFileSync(process.execPath, [PROGRAM, "mark", original, marked, ...flags], { stdio: "inherit" });
  const { evidence } = proofRecordSchema.parse(JSON.parse(readFileSync(record, "utf8")));
  const recoded = await recodedWith(original, marked, evidence.touched[0]!);
  await small(original).jpeg({ quality: 88, mozjpeg: true }).toFile(join(into, "mark-before.jpg"));
  await small(marked).jpeg({ quality: 88, mozjpeg: true }).toFile(join(into, "mark-after.jpg"));
  for (const [name, picture] of [
    ["mark-difference.png", marked],
    ["mark-difference-recoded.png", recoded],
  ] as const)
    await small(await difference(original, picture))
      .png({ palette: true, colours: 64, effort: 10 })
      .toFile(join(into, name));
} finally {
  rmSync(work, { recursive: true, force: true });
}

function small(picture: string | Buffer) {
  return sharp(picture).resize({ width: WIDTH });
}

type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** The same mark, put on by decoding the picture and coding it again with its own quality. */
async function recodedWith(original: string, marked: string, box: Box): Promise<Buffer> {
  const piece = await sharp(marked).extract(box).png().toBuffer();
  const bytes = readFileSync(original);
  const { quality, chromaSubsampling } = jpegCoding(bytes, jpegSegments(bytes));
  return await sharp(original)
    .composite([{ input: piece, left: box.left, top: box.top }])
    .keepMetadata()
    .jpeg({ quality, chromaSubsampling })
    .toBuffer();
}

/** PNG of the samples' differences, stronger. */
async function difference(a: string, b: string | Buffer): Promise<Buffer> {
  const [one, other] = await Promise.all(
    [a, b].map((picture) => sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })),
  );
  const { width, height, channels } = one!.info;
  const pixels = one!.data.map((value, i) => Math.min(255, STRONGER * Math.abs(value - other!.data[i]!)));
  return await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
}
