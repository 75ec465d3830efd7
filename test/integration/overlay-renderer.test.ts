import { Resvg } from "@resvg/resvg-wasm";
import fc from "fast-check";
import decodeQR from "qr/decode.js";
import { beforeAll, describe, expect, test } from "vitest";
import { BLEND_MODES, LENGTH_UNITS, type Length, type ResolvedMark } from "#contracts/mark-operator.ts";
import { ANCHORS } from "#contracts/mark-spec.ts";
import type { LoadedFont } from "#imaging/overlay/font-library.ts";
import { OverlayRenderer } from "#imaging/overlay/overlay-renderer.ts";
import { resvgRasteriser, type SvgRasteriser } from "#imaging/overlay/resvg-rasteriser.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import type { OverlayTile } from "#imaging/overlay.ts";
import { loadFonts, loadOverlayRenderer } from "../../server/adapters/imaging/load-overlay-renderer.ts";
import {
  imageLayer,
  LOGOS,
  markOf,
  PNG_LOGO,
  qrLayer,
  SVG_LOGO,
  textLayer,
} from "../fixtures/marks/sample-marks.ts";

const SIZE = { width: 900, height: 600 };
const px = (value: number): Length => ({ value, unit: "px" });

let renderer: OverlayRenderer;
let fonts: readonly LoadedFont[];
beforeAll(async () => {
  renderer = await loadOverlayRenderer();
  fonts = await loadFonts();
});

const only = (mark: ResolvedMark, size = SIZE): OverlayTile => {
  const { tiles } = renderer.render(mark, size);
  expect(tiles).toHaveLength(1);
  return tiles[0]!;
};
const pixel = ({ rgba, width }: OverlayTile, x: number, y: number) => [
  ...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];
const colorsOf = ({ rgba }: OverlayTile) =>
  new Set(
    Array.from({ length: rgba.length / 4 }, (_, i) => i * 4)
      .filter((at) => rgba[at + 3] !== 0)
      .map((at) => rgba.subarray(at, at + 3).join()),
  );

/** A rasteriser that counts what it draws. */
function counting(): { rasteriser: SvgRasteriser; drawn: () => number } {
  const inner = resvgRasteriser(Resvg);
  let drawn = 0;
  const draw: SvgRasteriser["draw"] = (...args) => {
    drawn++;
    return inner.draw(...args);
  };
  return { rasteriser: { ...inner, draw }, drawn: () => drawn };
}

describe("a text", () => {
  test("keeps its margin to the edges it is anchored to, and has one colour", () => {
    const tile = only(
      markOf(textLayer("HHH", { marginX: px(40), marginY: px(20), size: px(100), color: "#e0b040" })),
    );
    expect([tile.left + tile.width, tile.top + tile.height]).toEqual([860, 580]);
    expect(tile.height).toBeGreaterThan(70);
    expect(colorsOf(tile)).toEqual(new Set(["224,176,64"]));
  });

  test("is made smaller until it fits between its margins", () => {
    const tile = only(markOf(textLayer("A very long text ".repeat(5), { size: px(300), marginX: px(50) })));
    expect([tile.left, tile.left + tile.width]).toEqual([50, 850]);
  });

  test("is drawn once for all opacities and places", () => {
    const { rasteriser, drawn } = counting();
    const counted = new OverlayRenderer({ rasteriser, fonts });
    const [first] = counted.render(markOf(textLayer("once")), SIZE).tiles;
    for (const anchor of ANCHORS) counted.render(markOf(textLayer("once", { anchor })), SIZE);
    const [half] = counted.render(markOf(textLayer("once", { opacity: 0.5 })), SIZE).tiles;
    expect(drawn()).toBe(1);
    expect([...half!.rgba].filter((_, i) => i % 4 === 3)).toEqual(
      [...first!.rgba].filter((_, i) => i % 4 === 3).map((alpha) => Math.round(alpha / 2)),
    );
  });

  test("has its outline behind its fill", () => {
    const plain = only(markOf(textLayer("I", { size: px(300), anchor: "center" })));
    const tile = only(
      markOf(textLayer("I", { size: px(300), anchor: "center", outline: { color: "#000000", width: 0.1 } })),
    );
    expect(tile.width).toBe(plain.width + 30);
    expect(pixel(tile, 5, Math.floor(tile.height / 2))).toEqual([0, 0, 0, 255]);
    expect(pixel(tile, 16, Math.floor(tile.height / 2))).toEqual([255, 255, 255, 255]);
  });

  test("throws a shadow, which its margin does not count", () => {
    const mark = (shadow: Parameters<typeof textLayer>[1]) =>
      markOf(
        textLayer("I", { size: px(200), anchor: "top_left", marginX: px(30), marginY: px(30), ...shadow }),
      );
    const plain = only(mark({}));
    const tile = only(mark({ shadow: { color: "#ff0000", opacity: 0.5, dx: 0.2, dy: 0.1, blur: 0 } }));
    expect([tile.left, tile.top]).toEqual([30, 30]);
    expect([tile.width, tile.height]).toEqual([plain.width + 40, plain.height + 20]);
    expect(pixel(tile, tile.width - 4, tile.height - 4)).toEqual([255, 0, 0, 128]);
    const soft = only(mark({ shadow: { color: "#ff0000", opacity: 0.5, dx: 0.2, dy: 0.1, blur: 0.1 } }));
    expect(soft.width).toBeGreaterThan(tile.width + 30);
  });

  test("of several lines stands by its anchor", () => {
    const mark = (anchor: "left" | "right") => markOf(textLayer("HHHH\nH", { anchor, size: px(60) }));
    for (const [anchor, side] of [
      ["left", "left"],
      ["right", "right"],
    ] as const) {
      const tile = only(mark(anchor));
      const y = tile.height - 5;
      const covered = Array.from({ length: tile.width }, (_, x) => x).filter(
        (x) => pixel(tile, x, y)[3] === 255,
      );
      expect(side === "left" ? covered[0]! < tile.width / 4 : covered[0]! > tile.width / 2).toBe(true);
    }
  });

  test("turned by a right angle is the same text on its side", () => {
    const tile = only(markOf(textLayer("Side", { anchor: "center", size: px(100) })));
    const turned = only(markOf(textLayer("Side", { anchor: "center", size: px(100), rotation: 90 })));
    expect(Math.abs(turned.width - tile.height)).toBeLessThanOrEqual(1);
    expect(Math.abs(turned.height - tile.width)).toBeLessThanOrEqual(1);
  });

  test.each(SHIPPED_FONTS)("shows in $family $weight", ({ family, weight }) => {
    const words: Readonly<Record<string, string>> = { "Noto Emoji": "📷", "Noto Sans KR": "카메라" };
    const tile = only(markOf(textLayer(words[family] ?? "Abc", { font: family, weight, size: px(100) })));
    expect(tile.height).toBeGreaterThan(60);
  });

  test("names the character that no font has, and draws no box", () => {
    expect(() => renderer.render(markOf(textLayer("ok नमस्ते")), SIZE)).toThrowError(
      expect.objectContaining({ code: "picture.glyph_missing" }),
    );
  });

  test("that is empty draws nothing; one of invisible characters is refused", () => {
    expect(renderer.render(markOf(textLayer(" \n ")), SIZE).tiles).toEqual([]);
    expect(renderer.render(markOf(textLayer("x", { opacity: 0 })), SIZE).tiles).toEqual([]);
    expect(() => renderer.render(markOf(textLayer("\u200b\u2060")), SIZE)).toThrowError(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});

describe("a QR code", () => {
  /** As a camera has it: on grey ground. */
  function read(tile: OverlayTile): string {
    const margin = 20;
    const [width, height] = [tile.width + 2 * margin, tile.height + 2 * margin];
    const data = new Uint8Array(width * height * 4).fill(255);
    for (let y = 0; y < tile.height; y++)
      for (let x = 0; x < tile.width; x++) {
        const [red, green, blue, alpha] = pixel(tile, x, y) as [number, number, number, number];
        const at = ((y + margin) * width + x + margin) * 4;
        for (const [i, value] of [red, green, blue].entries())
          data[at + i] = Math.round((value * alpha + 255 * (255 - alpha)) / 255);
      }
    return decodeQR({ width, height, data });
  }

  test("can be read, has whole pixels to the module and two colours", () => {
    const tile = only(markOf(qrLayer("https://example.com/ü/水", { size: px(203) })));
    expect(tile.width).toBe(tile.height);
    expect(tile.width % (25 + 8)).toBe(0);
    expect(tile.width).toBeLessThanOrEqual(203);
    expect(colorsOf(tile)).toEqual(new Set(["0,0,0", "255,255,255"]));
    expect(tile.rgba.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
    expect(read(tile)).toBe("https://example.com/ü/水");
  });

  test("can be read when it is turned and lets the picture through", () => {
    const tile = only(
      markOf(qrLayer("TURNED", { size: px(300), rotation: 17, light: null, dark: "#101010" })),
    );
    expect(colorsOf(tile)).toEqual(new Set(["16,16,16"]));
    expect(read(tile)).toBe("TURNED");
  });

  test("is refused where it has no room, or its text is too long", () => {
    const refused = expect.objectContaining({ code: "invalid_argument" });
    expect(() => renderer.render(markOf(qrLayer("x")), { width: 25, height: 300 })).toThrowError(refused);
    expect(() => renderer.render(markOf(qrLayer("x".repeat(5000))), SIZE)).toThrowError(refused);
  });
});

describe("a logo", () => {
  test("keeps its proportions and colours, from PNG and SVG", () => {
    const png = only(markOf(imageLayer(PNG_LOGO, { width: px(96) })));
    expect(png.width / png.height).toBeGreaterThan(1.3);
    expect(pixel(png, Math.floor(png.width * 0.3), Math.floor(png.height / 2)).slice(0, 3)).toEqual([
      200, 60, 30,
    ]);
    const svg = only(markOf(imageLayer(SVG_LOGO, { width: px(200) })));
    expect(pixel(svg, Math.floor(svg.width * 0.75), Math.floor(svg.height / 2))).toEqual([51, 51, 51, 255]);
  });

  test("averages what is made smaller", () => {
    const tile = only(markOf(imageLayer(PNG_LOGO, { width: px(6) })));
    expect(tile.width).toBeLessThanOrEqual(7);
    const [red, green, blue, alpha] = pixel(tile, 1, 1) as [number, number, number, number];
    expect(Math.abs(red - 200) + Math.abs(green - 60) + Math.abs(blue - 30)).toBeLessThan(8);
    expect(alpha).toBe(255);
  });

  const broken = (name: string, mediaType: "image/png" | "image/svg+xml", bytes: string): ResolvedMark => ({
    ...markOf(imageLayer(PNG_LOGO)),
    assets: { [PNG_LOGO]: { name, mediaType, bytes } },
  });
  const svgOf = (inner: string) =>
    btoa(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${inner}</svg>`);
  test.each([
    ["a PNG cut short", broken("l.png", "image/png", LOGOS[PNG_LOGO]!.bytes.slice(0, 80))],
    ["no PNG at all", broken("l.png", "image/png", btoa("GIF89a"))],
    ["an empty file", broken("l.png", "image/png", "")],
    ["no SVG", broken("l.svg", "image/svg+xml", btoa("<html></html>"))],
    ["an SVG that shows nothing", broken("l.svg", "image/svg+xml", svgOf(""))],
    ["an SVG whose text is not outlines", broken("l.svg", "image/svg+xml", svgOf('<text y="9">A</text>'))],
    [
      "an SVG with an effect",
      broken(
        "l.svg",
        "image/svg+xml",
        svgOf('<filter id="f"><feGaussianBlur stdDeviation="900"/></filter><path d="M0 0h9v9z"/>'),
      ),
    ],
    ["none", { ...markOf(imageLayer(PNG_LOGO)), assets: {} }],
  ])("%s is refused with what to do", (_, mark) => {
    expect(() => renderer.render(mark, SIZE)).toThrowError(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringMatching(/logo.*\.$/) }),
    );
  });
});

test("a logo under another's digest is not taken for it", () => {
  const mark = markOf(imageLayer(PNG_LOGO));
  const own = only(mark);
  const forged = { ...mark, assets: { [PNG_LOGO]: LOGOS[SVG_LOGO]! } };
  expect(only(forged).rgba).not.toEqual(own.rgba);
  expect(only(mark).rgba).toEqual(own.rgba);
});

describe("a pattern", () => {
  const pattern = { angle: -30, gapX: px(20), gapY: px(30), stagger: true };

  test("covers the whole picture with copies of one drawing", () => {
    const { tiles } = renderer.render(markOf(textLayer("copy", { size: px(30), pattern })), SIZE);
    const whole = tiles.filter(({ rgba }) => rgba === tiles[Math.floor(tiles.length / 2)]!.rgba);
    expect(whole.length).toBeGreaterThan(tiles.length / 2);
    for (let y = 0; y < SIZE.height; y += 120)
      for (let x = 0; x < SIZE.width; x += 120) {
        const near = (tile: OverlayTile) =>
          Math.abs(tile.left + tile.width / 2 - x) < 120 && Math.abs(tile.top + tile.height / 2 - y) < 120;
        expect(tiles.some(near)).toBe(true);
      }
  });

  test("keeps its gaps", () => {
    const straight = { angle: 0, gapX: px(40), gapY: px(25), stagger: false };
    const { tiles } = renderer.render(markOf(textLayer("H", { size: px(80), pattern: straight })), SIZE);
    const whole = tiles.filter(({ rgba }) => rgba === tiles[Math.floor(tiles.length / 2)]!.rgba);
    const lefts = [...new Set(whole.map(({ left }) => left))].sort((a, b) => a - b);
    const step = lefts[1]! - lefts[0]! - whole[0]!.width;
    expect(Math.abs(step - 40)).toBeLessThanOrEqual(1);
  });

  test("of too many copies is refused", () => {
    const dense = { angle: 0, gapX: px(0), gapY: px(0), stagger: false };
    expect(() =>
      renderer.render(markOf(textLayer(".", { size: px(2), pattern: dense })), { width: 9000, height: 9000 }),
    ).toThrowError(expect.objectContaining({ code: "invalid_argument" }));
  });
});

test("what is kept for later stays within its bytes", () => {
  const small = new OverlayRenderer({ rasteriser: resvgRasteriser(Resvg), fonts }, { cacheBytes: 200_000 });
  for (let i = 0; i < 40; i++) small.render(markOf(textLayer(`Number ${i}`)), SIZE);
  expect(small.cachedBytes).toBeGreaterThan(50_000);
  expect(small.cachedBytes).toBeLessThan(230_000);
});

test("whatever the layer and the picture, tiles lie within it and have their pixels", () => {
  const length = fc.record({
    value: fc.double({ min: -0.5, max: 2, noNaN: true }),
    unit: fc.constantFrom(...LENGTH_UNITS),
  });
  const change = fc.record({
    anchor: fc.constantFrom(...ANCHORS),
    marginX: length,
    marginY: length,
    rotation: fc.double({ min: -360, max: 360, noNaN: true }),
    opacity: fc.double({ min: 0, max: 1, noNaN: true }),
    blend: fc.constantFrom(...BLEND_MODES),
  });
  const shadow = fc.option(
    fc.record({
      color: fc.constant("#102030"),
      opacity: fc.double({ min: 0, max: 1, noNaN: true }),
      dx: fc.double({ min: -1, max: 1, noNaN: true }),
      dy: fc.double({ min: -1, max: 1, noNaN: true }),
      blur: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  const side = fc.integer({ min: 1, max: 400 });
  fc.assert(
    fc.property(
      change,
      shadow,
      length,
      side,
      side,
      fc.boolean(),
      (common, cast, size, width, height, isText) => {
        const layer = isText
          ? textLayer("Ag", { ...common, size, shadow: cast })
          : imageLayer(PNG_LOGO, { ...common, width: size });
        for (const tile of renderer.render({ ...markOf(layer), safeArea: size }, { width, height }).tiles) {
          expect(tile.left).toBeGreaterThanOrEqual(0);
          expect(tile.top).toBeGreaterThanOrEqual(0);
          expect(tile.left + tile.width).toBeLessThanOrEqual(width);
          expect(tile.top + tile.height).toBeLessThanOrEqual(height);
          expect(tile.rgba.length).toBe(tile.width * tile.height * 4);
          expect(tile.width * tile.height).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 150 },
  );
});
