import type { OperatorAsset, ResolvedLayer } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { type Drawing, drawSvg } from "./drawing.ts";
import { type PictureSize, pixelsOf, shrinkToFit, turnedSize, turnOf } from "./place-layer.ts";
import type { DrawnPixels, SvgRasteriser } from "./resvg-rasteriser.ts";
import { scaledPicture } from "./scaled-picture.ts";
import { svgDocument } from "./svg-text.ts";

type ImageLayer = Extract<ResolvedLayer, { kind: "image" }>;

/** Of a PNG logo: 4 bytes each while it is drawn. */
const MOST_LOGO_PIXELS = 16_777_216;
const SVG_TEXT = /<(?:\w+:)?text[\s>]/;
/** Takes the rasteriser minutes where it is large. */
const SVG_EFFECT = /<(?:\w+:)?filter[\s>]/;

/**
 * A logo at its width, or as wide as fits.
 * @param number Another one for each content.
 * @throws AppError `invalid_argument` when the file cannot be read or is too large, or an SVG has filters, or text that
 *   is not outlines: its fonts are not known.
 */
export function logoDrawing(
  layer: ImageLayer,
  asset: OperatorAsset,
  number: number,
  picture: PictureSize,
  room: PictureSize,
  rasteriser: SvgRasteriser,
): Drawing {
  const natural = naturalSize(asset, rasteriser);
  const wanted = Math.max(1, pixelsOf(layer.width, picture));
  const asWanted = { width: wanted, height: (wanted * natural.height) / natural.width };
  const width = wanted * shrinkToFit(turnedSize(asWanted, layer.rotation), room);
  const height = (width * natural.height) / natural.width;
  const form = { key: JSON.stringify(["image", number, width]), width, height, bleed: 1, flat: null };
  if (asset.mediaType === "image/svg+xml") {
    const image = imageElement(
      asset,
      `x="${-width / 2}" y="${-height / 2}" width="${width}" height="${height}"`,
    );
    const draw = drawSvg(rasteriser, [], image);
    return { ...form, draw: (place) => shown(asset, draw(place)) };
  }
  return {
    ...form,
    draw: ({ window, centerX, centerY, rotation }) => {
      const whole = imageElement(
        asset,
        `width="${natural.width}" height="${natural.height}" image-rendering="optimizeSpeed"`,
      );
      const drawn = shown(asset, rasteriser.draw(svgDocument(natural.width, natural.height, whole), []));
      const place = { centerX, centerY, scale: width / natural.width, ...turnOf(rotation) };
      return scaledPicture(drawn, place, window);
    },
  };
}

function imageElement({ mediaType, bytes }: OperatorAsset, attributes: string): string {
  return `<image ${attributes} preserveAspectRatio="none" xlink:href="data:${mediaType};base64,${bytes}"/>`;
}

/** The rasteriser passes over images that it cannot read. */
function shown(asset: OperatorAsset, drawn: DrawnPixels): DrawnPixels {
  if (drawn.premultiplied.some((value) => value !== 0)) return drawn;
  throw unreadable(asset);
}

function unreadable({ name }: OperatorAsset): AppError {
  return new AppError(
    "invalid_argument",
    `The mark's logo ${name} cannot be read, or shows nothing. Export it again as PNG or SVG.`,
  );
}

function naturalSize(asset: OperatorAsset, rasteriser: SvgRasteriser): PictureSize {
  const size = asset.mediaType === "image/png" ? pngSize(asset.bytes) : svgSize(asset.bytes, rasteriser);
  if (!size || !(size.width > 0 && size.height > 0)) throw unreadable(asset);
  if (asset.mediaType === "image/svg+xml") refuseLiveEffects(asset);
  if (asset.mediaType === "image/png" && size.width * size.height > MOST_LOGO_PIXELS)
    throw new AppError(
      "invalid_argument",
      `The mark's logo ${asset.name} has ${size.width} × ${size.height} pixels. Export it with 4096 × 4096 at most.`,
    );
  return size;
}

/** From the header chunk, which comes first (PNG, third edition, 5.6). */
function pngSize(base64: string): PictureSize | null {
  const head = atob(base64.slice(0, 32));
  if (!head.startsWith("\x89PNG\r\n\x1a\n")) return null;
  const number = (at: number) =>
    [0, 1, 2, 3].reduce((value, i) => value * 256 + (head.charCodeAt(at + i) || 0), 0);
  return { width: number(16), height: number(20) };
}

function refuseLiveEffects({ name, bytes }: OperatorAsset): void {
  const svg = svgSource(bytes);
  if (SVG_TEXT.test(svg))
    throw new AppError(
      "invalid_argument",
      `The mark's logo ${name} has text in it. Convert the text to outlines, so that it looks the same everywhere.`,
    );
  if (SVG_EFFECT.test(svg))
    throw new AppError(
      "invalid_argument",
      `The mark's logo ${name} has an effect such as a blur or a shadow. Export it without, or as PNG.`,
    );
}

function svgSource(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}

function svgSize(base64: string, rasteriser: SvgRasteriser): PictureSize | null {
  try {
    return rasteriser.size(svgSource(base64));
  } catch {
    return null;
  }
}
