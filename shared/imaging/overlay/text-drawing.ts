import type { ResolvedLayer } from "#contracts/mark-operator.ts";
import { blurred } from "./blurred.ts";
import { rgbOf } from "./cell.ts";
import { type Drawing, drawSvg, turnedTo } from "./drawing.ts";
import { type PictureSize, pixelsOf, shrinkToFit, turnedSize, turnOf } from "./place-layer.ts";
import type { DrawnPixels, SvgRasteriser } from "./resvg-rasteriser.ts";
import type { SetText } from "./set-text.ts";
import { runElement, svgDocument } from "./svg-text.ts";

type TextLayer = Extract<ResolvedLayer, { kind: "text" }>;

/** Standard deviations of a blur behind which nothing is to be seen. */
const BLUR_REACH = 3;

/** A text at the size it is to have, or at the largest at which it fits into the room. `key` names text and setting. */
export function textDrawing(
  layer: TextLayer,
  text: SetText,
  key: string,
  picture: PictureSize,
  room: PictureSize,
  rasteriser: SvgRasteriser,
): Drawing {
  const { ink, runs } = text;
  const { color, outline, shadow } = layer;
  const stroke = outline?.width ?? 0;
  const unit = { width: ink.width + stroke, height: ink.height + stroke };
  const wanted = pixelsOf(layer.size, picture);
  const turned = turnedSize(unit, layer.rotation);
  const em = wanted * shrinkToFit({ width: turned.width * wanted, height: turned.height * wanted }, room);
  const elements = (attributes: string) =>
    runs
      .map((run) => {
        const x = (run.x - ink.left - ink.width / 2) * em;
        const y = (run.y - ink.top - ink.height / 2) * em;
        return runElement(run, `${attributes} font-size="${em}" x="${x}" y="${y}"`);
      })
      .join("");
  const edge = (paint: string) => `stroke="${paint}" stroke-width="${stroke * em}" stroke-linejoin="round"`;
  const front = `${outline && stroke > 0 ? elements(`fill="none" ${edge(outline.color)}`) : ""}${elements(`fill="${color}"`)}`;
  const drawFront = drawSvg(rasteriser, text.fonts, front);
  const offset = shadow ? Math.abs(shadow.dx) + Math.abs(shadow.dy) + BLUR_REACH * shadow.blur : 0;
  return {
    key: JSON.stringify([key, em, color, outline, shadow]),
    width: unit.width * em,
    height: unit.height * em,
    bleed: Math.ceil(offset * em) + 1,
    flat: [outline?.color, shadow?.color].every((each) => each === undefined || each === color)
      ? color
      : null,
    draw: (place) => {
      const drawn = drawFront(place);
      if (!shadow || shadow.opacity === 0) return drawn;
      const { width, height } = place.window;
      const { cos, sin } = turnOf(place.rotation);
      const x = (shadow.dx * cos - shadow.dy * sin) * em;
      const y = (shadow.dx * sin + shadow.dy * cos) * em;
      const shape = elements(`fill="#fff"${outline ? ` ${edge("#fff")}` : ""}`);
      const cast = `<g transform="${turnedTo(place, x, y)}">${shape}</g>`;
      const { premultiplied } = rasteriser.draw(svgDocument(width, height, cast), text.fonts);
      const plane = new Uint8Array(width * height);
      for (let i = 0; i < plane.length; i++) plane[i] = premultiplied[i * 4 + 3]!;
      return under(drawn, blurred(plane, width, height, shadow.blur * em), shadow);
    },
  };
}

/** Lays a plane in one colour below what is drawn. */
function under(
  drawn: DrawnPixels,
  plane: Uint8Array,
  { color, opacity }: NonNullable<TextLayer["shadow"]>,
): DrawnPixels {
  const rgb = rgbOf(color);
  const premultiplied = drawn.premultiplied.slice();
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i]!;
    if (value === 0) continue;
    const at = i * 4;
    const alpha = (value * opacity * (255 - premultiplied[at + 3]!)) / 255;
    for (let channel = 0; channel < 3; channel++)
      premultiplied[at + channel] = Math.min(
        255,
        Math.round(premultiplied[at + channel]! + (rgb[channel]! * alpha) / 255),
      );
    premultiplied[at + 3] = Math.round(premultiplied[at + 3]! + alpha);
  }
  return { ...drawn, premultiplied };
}
