import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TiffReader } from "../tiff-directory.ts";
import { exifVariables } from "./exif-variables.ts";
import { iimVariables } from "./iptc-iim.ts";
import { pictureVariables } from "./picture-variables.ts";
import { xmpVariables } from "./xmp-variables.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** One dataset of the application record. */
const dataset = (number: number, content: Uint8Array): number[] => [
  0x1c,
  2,
  number,
  content.length >> 8,
  content.length & 255,
  ...content,
];

const RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"';
const packet = (description: string) =>
  utf8(
    `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${RDF}>${description}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`,
  );

type Field = readonly [tag: number, type: number, count: number, value: Uint8Array | number];

/** A big-endian EXIF structure: the main directory, and below it the EXIF directory. */
function exif(main: readonly Field[], below: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  bytes.set(latin1("MM\0*\0\0\0\x08"));
  let free = 1024;
  const write = (at: number, fields: readonly Field[]) => {
    view.setUint16(at, fields.length);
    for (const [i, [tag, type, count, value]] of fields.entries()) {
      const entry = at + 2 + i * 12;
      view.setUint16(entry, tag);
      view.setUint16(entry + 2, type);
      view.setUint32(entry + 4, count);
      if (typeof value === "number") {
        if (type === 3) view.setUint16(entry + 8, value);
        else view.setUint32(entry + 8, value);
      } else {
        bytes.set(value, free);
        view.setUint32(entry + 8, free);
        free += value.length + 8;
      }
    }
  };
  write(8, [...main, [34_665, 4, 1, 512]]);
  write(512, below);
  return bytes.subarray(0, free);
}
const ascii = (tag: number, text: string): Field => [tag, 2, text.length + 1, latin1(`${text}\0`)];
const rational = (tag: number, type: 5 | 10, over: number, under: number): Field => {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setInt32(0, over);
  new DataView(value.buffer).setInt32(4, under);
  return [tag, type, 1, value];
};

describe("exifVariables", () => {
  test("reads what the camera wrote, of either byte order", () => {
    const bytes = exif(
      [ascii(0x010f, "NIKON CORPORATION"), ascii(0x8298, " \0Editor GmbH")],
      [
        ascii(0x9003, "2026:11:25 18:16:28"),
        rational(0x829a, 5, 1, 250),
        rational(0x829d, 5, 56, 10),
        rational(0x9204, 10, -1, 3),
        rational(0x920a, 5, 85, 0),
        [0x8827, 3, 1, 200],
      ],
    );
    expect(exifVariables(bytes)).toEqual({
      MAKER: "NIKON CORPORATION",
      "IPTC.COPYRIGHT": "Editor GmbH",
      "EXIF.ISO": 200,
      "EXIF.APERTURE": 5.6,
      "EXIF.EXPOSURE": "1/250",
      "EXIF.EXPOSURE.BIAS": "-0.3",
      "EXIF.DATE_TIME": "2026:11:25 18:16:28",
      "EXIF.DATE": "2026-11-25",
      "EXIF.TIME": "18:16:28",
      "EXIF.YEAR": 2026,
      "EXIF.YEAR.SHORT": "26",
      "EXIF.MONTH": "11",
      "EXIF.DAY": "25",
      "EXIF.HOUR": "18",
      "EXIF.MINUTE": "16",
      "EXIF.SECOND": "28",
    });
  });

  test("takes the next date for one that is none", () => {
    const bytes = exif(
      [ascii(0x0132, "2025:01:02 03:04:05")],
      [ascii(0x9003, "0000:00:00 00:00:00"), ascii(0x9004, "    :  :     :  :  ")],
    );
    expect(exifVariables(bytes)).toMatchObject({ "EXIF.DATE": "2025-01-02" });
  });

  test("a structure whose entries all hold all of it is given up, not copied thousands of times", () => {
    const entries = 5000;
    const bytes = new Uint8Array(entries * 12 + 64);
    const view = new DataView(bytes.buffer);
    bytes.set(latin1("MM\0*\0\0\0\x08"));
    view.setUint16(8, entries);
    for (let i = 0; i < entries; i++) {
      view.setUint16(10 + i * 12, i);
      view.setUint16(12 + i * 12, 1);
      view.setUint32(14 + i * 12, bytes.length);
    }
    const [page] = new TiffReader(bytes).pages();
    const copied = [...page!.values()].reduce((sum, { value }) => sum + value.length, 0);
    expect(copied).toBeLessThanOrEqual(bytes.length * 8);
  });
});

describe("iimVariables", () => {
  test("reads UTF-8, and Latin-1 where it is none", () => {
    expect(
      iimVariables(Uint8Array.from([...dataset(80, utf8("Zoë 水")), ...dataset(116, latin1("© Zoë"))])),
    ).toEqual({ "IPTC.CREATOR": "Zoë 水", "IPTC.COPYRIGHT": "© Zoë" });
  });

  test("joins keywords and stops where the data end early", () => {
    const whole = [
      ...dataset(25, utf8("shoe")),
      ...dataset(25, utf8("red")),
      ...dataset(105, utf8("Autumn")),
    ];
    expect(iimVariables(Uint8Array.from(whole.slice(0, -1)))).toEqual({ "IPTC.KEYWORDS": "shoe, red" });
  });
});

describe("xmpVariables", () => {
  test("reads elements, attributes and lists, whatever their prefixes are", () => {
    const bytes = packet(
      `<rdf:Description xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" photoshop:Headline="Autumn &amp; &#x6c34;" xmp:Rating="4"><d:creator><rdf:Seq><rdf:li>Anna</rdf:li><rdf:li>Ben</rdf:li></rdf:Seq></d:creator><d:rights><rdf:Alt><rdf:li xml:lang="de">Rechte</rdf:li><rdf:li xml:lang="x-default">Rights</rdf:li></rdf:Alt></d:rights><photoshop:City>Köln</photoshop:City></rdf:Description>`,
    );
    expect(xmpVariables(bytes)).toEqual({
      "IPTC.HEADLINE": "Autumn & 水",
      STARS: 4,
      "IPTC.CREATOR": "Anna, Ben",
      "IPTC.COPYRIGHT": "Rights",
      "IPTC.CITY": "Köln",
    });
  });

  test("has nothing of a packet with a DOCTYPE, a broken or an endless one", () => {
    const text = new TextDecoder().decode(packet("<rdf:Description/>"));
    const bomb = `<!DOCTYPE a [<!ENTITY b "${"c".repeat(1000)}">]>${text}`;
    expect(xmpVariables(utf8(bomb))).toEqual({});
    expect(xmpVariables(packet("<rdf:Description"))).toEqual({});
    expect(xmpVariables(utf8("<a>".repeat(200_000)))).toEqual({});
    expect(xmpVariables(new Uint8Array(3 * 1024 * 1024).fill(32))).toEqual({});
  });
});

describe("pictureVariables", () => {
  test("of a file that is no picture there are none", () => {
    for (const bytes of [new Uint8Array(0), utf8("hello"), latin1("\xff\xd8\xff\xe1")])
      expect(pictureVariables(bytes)).toEqual({});
  });

  test("whatever bytes follow a picture's beginning, nothing is thrown and values are short", () => {
    const starts = [
      "\xff\xd8\xff\xe1\0\x80Exif\0\0MM\0*\0\0\0\x08",
      "\xff\xd8\xff\xed\0\x40Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x20\x1c\x02\x50",
      "\xff\xd8\xff\xe1\0\x80http://ns.adobe.com/xap/1.0/\0<x:xmpmeta",
      "II*\0\x08\0\0\0",
      "MM\0*\0\0\0\x08\0\x04",
      "II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
      "\x89PNG\r\n\x1a\n\0\0\0\x20eXIfMM\0*",
      "\x89PNG\r\n\x1a\n\0\0\0\x30iTXtXML:com.adobe.xmp\0\0\0\0\0<",
      "RIFF\0\x01\0\0WEBPEXIF\x40\0\0\0II*\0",
    ].map(latin1);
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        for (const value of Object.values(pictureVariables(Uint8Array.from([...start, ...rest]))))
          expect(String(value).length).toBeLessThan(10_000);
      }),
      { numRuns: 2000 },
    );
  });

  test("whatever is changed in a good structure, nothing is thrown", () => {
    const good = exif(
      [ascii(0x010f, "Maker"), [34_853, 4, 1, 700]],
      [rational(0x829a, 5, 1, 250), ascii(0x9003, "2026:11:25 18:16:28")],
    );
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        expect(() => pictureVariables(bytes)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});
