import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { jpegSegments } from "#imaging/jpeg-segments.ts";
import { silentLogger } from "#kernel/logger.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import type { ImageMarker } from "../../server/services/ports/image-marker.ts";
import { animation, photo, photo16, SIZE } from "../fixtures/pictures/pictures.ts";
import { describeReal, real } from "../support/real-components.ts";

const run = promisify(execFile);

const TAGS = [
  "-EXIF:Artist=Zoë Müller",
  "-EXIF:Copyright=© 2026 Studio",
  "-EXIF:Make=Canon",
  "-EXIF:Model=EOS R5",
  "-EXIF:Orientation#=6",
  "-EXIF:DateTimeOriginal=2026:05:04 03:02:01",
  "-EXIF:ExposureTime=1/160",
  "-EXIF:LensModel=RF 85mm",
  "-EXIF:UserComment=shot 7",
  "-EXIF:GPSLatitude=52.5",
  "-EXIF:GPSLatitudeRef=N",
  "-EXIF:GPSLongitude=13.4",
  "-EXIF:GPSLongitudeRef=E",
  "-XMP-dc:Creator=Zoë Müller",
  "-XMP-dc:Rights=All rights reserved",
  "-XMP-dc:Title=Vase",
  "-XMP-xmpRights:Marked=True",
  "-XMP-xmp:Rating=4",
  "-XMP-photoshop:Credit=Studio",
];
const IPTC = [
  "-IPTC:By-line=Zoë Müller",
  "-IPTC:CopyrightNotice=© Studio",
  "-IPTC:Keywords=vase",
  "-IPTC:Keywords=product",
];

/** What says how pixels are coded, and where things lie in the file. */
const CODING =
  /^(SourceFile|File:(?!Comment)|System:|ExifTool:|Composite:|IFD\d:(StripOffsets|StripByteCounts|RowsPerStrip|Tile|SampleFormat|PlanarConfiguration|ThumbnailOffset|FillOrder|YCbCrSubSampling|Compression|SubfileType|PreviewImage)|QuickTime:|GIF:(BitsPerPixel|ColorResolutionDepth|BackgroundColor|HasColorMap|Duration|TransparentColor)|RIFF:(Duration|VP8Version|AlphaFilter)|PNG:Palette)/;

let marker: ImageMarker;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-metadata-"));
  marker = createImageMarker({ threads: 2, memoryBudgetBytes: 1e9, logger: silentLogger });
});
afterAll(async () => {
  await marker.close();
  await rm(folder, { recursive: true });
});

const pictures: [string, string, () => Promise<Buffer>, string[]][] = [
  ["JPEG", "jpg", () => photo().withIccProfile("p3").jpeg().toBuffer(), [...TAGS, ...IPTC, "-Comment=kept"]],
  [
    "JPEG, progressive, grey",
    "jpg",
    () => photo(SIZE, 1).toColourspace("b-w").jpeg({ progressive: true }).toBuffer(),
    [...TAGS, ...IPTC],
  ],
  ["JPEG, CMYK", "jpg", () => photo().withIccProfile("cmyk").jpeg().toBuffer(), [...TAGS, ...IPTC]],
  [
    "PNG",
    "png",
    () => photo().withIccProfile("p3").withDensity(300).png().toBuffer(),
    [...TAGS, "-PNG:Comment=kept", "-PNG:Author=Zoë"],
  ],
  ["PNG, 16 bits", "png", () => photo16().png().toBuffer(), TAGS],
  ["WebP", "webp", () => photo().withIccProfile("p3").webp().toBuffer(), TAGS],
  ["WebP with alpha", "webp", () => photo(SIZE, 4).webp({ lossless: true }).toBuffer(), TAGS],
  [
    "WebP, animated",
    "webp",
    () =>
      animation()
        .webp({ delay: [80, 90, 100] })
        .toBuffer(),
    TAGS.filter((tag) => !tag.includes("Orientation")),
  ],
  [
    "TIFF",
    "tif",
    () => photo().withIccProfile("p3").withDensity(300).tiff({ compression: "lzw" }).toBuffer(),
    [...TAGS, ...IPTC],
  ],
  [
    "TIFF, 16 bits",
    "tif",
    () => photo16().tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer(),
    [...TAGS, ...IPTC],
  ],
  [
    "AVIF",
    "avif",
    () =>
      photo()
        .withExif({ IFD0: { Artist: "seed" } })
        .avif({ effort: 0 })
        .toBuffer(),
    TAGS.filter((tag) => !tag.includes("Orientation")),
  ],
  ["GIF", "gif", () => photo().gif().toBuffer(), ["-XMP-dc:Creator=Zoë Müller", "-Comment=kept"]],
];

type Tags = Record<string, unknown>;

interface Prepared {
  readonly before: Tags;
  readonly after: Tags;
}

/** One run of exiftool for each step, not for each picture: it takes a second to start. */
async function prepare(): Promise<Map<string, Prepared>> {
  const files = pictures.map(([, extension], i) => {
    const path = (what: string) => join(folder, `${i}-${what}.${extension}`);
    return { source: path("source"), marked: path("marked") };
  });
  const write: string[] = [];
  for (const [i, [, , make, tags]] of pictures.entries()) {
    await writeFile(files[i]!.source, await make());
    write.push("-q", "-overwrite_original", "-codedcharacterset=utf8", ...tags, files[i]!.source, "-execute");
  }
  await run(real("exiftool")!, write);
  await Promise.all(
    files.map(async ({ source, marked }) => {
      const { body } = await marker.mark(await readFile(source), { mark: DEFAULT_MARK });
      await writeFile(marked, body);
    }),
  );
  // All tags, unknown ones too; binary ones as their content; with what exiftool holds against the file.
  const all = files.flatMap(({ source, marked }) => [source, marked]);
  const { stdout } = await run(
    real("exiftool")!,
    ["-j", "-G1", "-u", "-b", "-struct", "-all", "-validate", ...all],
    {
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const tags = JSON.parse(stdout) as Tags[];
  return new Map(pictures.map(([name], i) => [name, { before: tags[2 * i]!, after: tags[2 * i + 1]! }]));
}

function descriptive(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !CODING.test(name)));
}

describeReal("metadata, tag for tag as exiftool reads it", ["exiftool"], () => {
  let prepared: Map<string, Prepared>;
  beforeAll(async () => {
    prepared = await prepare();
  });

  test.each(pictures)("%s", (name, extension) => {
    const { before, after } = prepared.get(name)!;
    const expected = descriptive(before);
    expect(Object.keys(expected).length).toBeGreaterThan(extension === "gif" ? 2 : 15);
    expect(after).toMatchObject(expected);
    expect(after["ExifTool:Warning"]).toEqual(before["ExifTool:Warning"]);
    expect(after["ExifTool:Error"]).toBeUndefined();
  });
});

test("a JPEG's own segments are copied byte for byte, and appear once", async () => {
  const jpeg = await photo().withIccProfile("p3").jpeg().toBuffer();
  const own = [0xe1, 0xe5, 0xed, 0xfe].map((id) => {
    const content = Buffer.from(`segment ${id} ${"x".repeat(id)}`);
    const head = Buffer.of(0xff, id, 0, 0);
    head.writeUInt16BE(content.length + 2, 2);
    return Buffer.concat([head, content]);
  });
  const source = Buffer.concat([jpeg.subarray(0, 2), ...own, jpeg.subarray(2)]);
  const { body } = await marker.mark(source, { mark: DEFAULT_MARK });
  const described = (bytes: Uint8Array) =>
    jpegSegments(bytes)
      .filter(({ marker: id }) => (id >= 0xe0 && id <= 0xef && id !== 0xee) || id === 0xfe)
      .map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString("base64"));
  expect(described(body)).toEqual(described(source));
});
