import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pictureVariables } from "#imaging/metadata/picture-variables.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { describeReal, real } from "../support/real-components.ts";

const EXIF = [
  "-EXIF:Make=NIKON CORPORATION",
  "-EXIF:Model=NIKON Z 8",
  "-EXIF:LensModel=NIKKOR Z 85mm f/1.8 S",
  "-EXIF:Artist=Zoë Müller",
  "-EXIF:Copyright=© 2026 Studio",
  "-EXIF:DateTimeOriginal=2026:05:04 03:02:01",
  "-EXIF:ExposureTime=1/160",
  "-EXIF:FNumber=5.6",
  "-EXIF:ISO=400",
  "-EXIF:FocalLength=85",
  "-EXIF:ExposureCompensation=-0.7",
  "-EXIF:GPSLatitude=52.5",
  "-EXIF:GPSLatitudeRef=S",
  "-EXIF:GPSLongitude=13.4",
  "-EXIF:GPSLongitudeRef=E",
];
const FROM_EXIF = {
  MAKER: "NIKON CORPORATION",
  MODEL: "NIKON Z 8",
  LENS: "NIKKOR Z 85mm f/1.8 S",
  "IPTC.CREATOR": "Zoë Müller",
  "IPTC.COPYRIGHT": "© 2026 Studio",
  "EXIF.DATE_TIME": "2026:05:04 03:02:01",
  "EXIF.DATE": "2026-05-04",
  "EXIF.TIME": "03:02:01",
  "EXIF.YEAR": 2026,
  "EXIF.YEAR.SHORT": "26",
  "EXIF.MONTH": "05",
  "EXIF.DAY": "04",
  "EXIF.HOUR": "03",
  "EXIF.MINUTE": "02",
  "EXIF.SECOND": "01",
  "EXIF.EXPOSURE": "1/160",
  "EXIF.APERTURE": 5.6,
  "EXIF.ISO": 400,
  "EXIF.FOCAL.LENGTH": 85,
  "EXIF.EXPOSURE.BIAS": "-0.7",
  LATITUDE: "-52.5000",
  LONGITUDE: "13.4000",
};
const XMP = [
  "-XMP-dc:Creator=Anna Kern",
  "-XMP-dc:Creator=Ben Ost",
  "-XMP-dc:Rights=All rights reserved",
  "-XMP-dc:Title=Vase 7",
  "-XMP-dc:Description=A <vase> & more",
  "-XMP-dc:Subject=vase",
  "-XMP-dc:Subject=水",
  "-XMP-photoshop:Headline=Autumn",
  "-XMP-photoshop:Credit=Kern/Agency",
  "-XMP-photoshop:City=Köln",
  "-XMP-photoshop:Country=Germany",
  "-XMP-photoshop:TransmissionReference=2026-117",
  "-XMP-xmpRights:UsageTerms=Web only",
  "-XMP-xmp:Rating=4",
  "-XMP-xmp:Label=green",
  "-XMP-aux:Lens=85 mm",
];
const FROM_XMP = {
  "IPTC.CREATOR": "Anna Kern, Ben Ost",
  "IPTC.COPYRIGHT": "All rights reserved",
  "IPTC.TITLE": "Vase 7",
  "IPTC.DESCRIPTION": "A <vase> & more",
  "IPTC.KEYWORDS": "vase, 水",
  "IPTC.HEADLINE": "Autumn",
  "IPTC.CREDIT": "Kern/Agency",
  "IPTC.CITY": "Köln",
  "IPTC.COUNTRY": "Germany",
  "IPTC.JOB_ID": "2026-117",
  "IPTC.USAGE_TERMS": "Web only",
  STARS: 4,
  LABELS: "green",
  LENS: "85 mm",
};
const IIM = [
  "-IPTC:By-line=Zoë Müller",
  "-IPTC:CopyrightNotice=© Studio",
  "-IPTC:Keywords=vase",
  "-IPTC:Keywords=product",
  "-IPTC:ObjectName=Shoe",
  "-IPTC:Headline=Spring",
  "-IPTC:City=Köln",
];
const FROM_IIM = {
  "IPTC.CREATOR": "Zoë Müller",
  "IPTC.COPYRIGHT": "© Studio",
  "IPTC.KEYWORDS": "vase, product",
  "IPTC.TITLE": "Shoe",
  "IPTC.HEADLINE": "Spring",
  "IPTC.CITY": "Köln",
};

/** Formats, and which blocks exiftool is asked to write into each. */
const FILES: readonly [name: string, make: () => Promise<Buffer>, tags: string[], expected: object][] = [
  [
    "all.jpg",
    () => photo().jpeg().toBuffer(),
    [...EXIF, ...IIM, ...XMP],
    { ...FROM_EXIF, ...FROM_IIM, ...FROM_XMP },
  ],
  ["exif.jpg", () => photo().jpeg().toBuffer(), EXIF, FROM_EXIF],
  ["iim.jpg", () => photo().jpeg().toBuffer(), IIM, FROM_IIM],
  ["utf8.jpg", () => photo().jpeg().toBuffer(), ["-IPTC:CodedCharacterSet=UTF8", ...IIM], FROM_IIM],
  ["xmp.jpg", () => photo().jpeg().toBuffer(), XMP, FROM_XMP],
  [
    "all.tif",
    () => photo().tiff().toBuffer(),
    [...EXIF, ...IIM, ...XMP],
    { ...FROM_EXIF, ...FROM_IIM, ...FROM_XMP },
  ],
  ["iim.tif", () => photo().tiff().toBuffer(), IIM, FROM_IIM],
  ["both.png", () => photo().png().toBuffer(), [...EXIF, ...XMP], { ...FROM_EXIF, ...FROM_XMP }],
  ["both.webp", () => photo().webp().toBuffer(), [...EXIF, ...XMP], { ...FROM_EXIF, ...FROM_XMP }],
];

describeReal("variables of files that exiftool wrote", ["exiftool"], () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-variables-"));
    const writes = await Promise.all(
      FILES.map(async ([name, make, tags]) => {
        const file = join(folder, name);
        await writeFile(file, await make());
        return ["-q", "-overwrite_original", ...tags, file, "-execute"];
      }),
    );
    // One run for all: the tool takes a second to start.
    await promisify(execFile)(real("exiftool")!, writes.flat().slice(0, -1));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(FILES.map(([name, , , expected]) => [name, expected] as const))("%s", async (name, expected) => {
    expect(pictureVariables(await readFile(join(folder, name)))).toMatchObject(expected);
  });
});
