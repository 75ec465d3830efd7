import type { ResolvedLayer } from "#contracts/mark-operator.ts";
import { type Drawing, type DrawingPlace, drawSvg, turnedTo } from "./drawing.ts";
import { type PictureSize, pixelsOf, shrinkToFit, turnedSize, turnOf } from "./place-layer.ts";
import type { SvgRasteriser } from "./resvg-rasteriser.ts";
import type { SetText } from "./set-text.ts";
import { runElement } from "./svg-text.ts";

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
  const shadowElements = shadow
    ? elements(`fill="${shadow.color}"${outline ? ` ${edge(shadow.color)}` : ""}`)
    : "";
  const behind = (place: DrawingPlace) => {
    if (!shadow || shadow.opacity === 0) return "";
    const { cos, sin } = turnOf(place.rotation);
    const x = (shadow.dx * cos - shadow.dy * sin) * em;
    const y = (shadow.dx * sin + shadow.dy * cos) * em;
    const { width, height } = place.window;
    const reach = Math.ceil(shadow.blur * BLUR_REACH * em) + 1;
    const region = `filterUnits="userSpaceOnUse" x="${-reach}" y="${-reach}" width="${width + 2 * reach}" height="${height + 2 * reach}"`;
    const blur = `<filter id="blur" ${region} color-interpolation-filters="sRGB"><feGaussianBlur stdDeviation="${shadow.blur * em}"/></filter>`;
    const filter = shadow.blur > 0 ? ' filter="url(#blur)"' : "";
    return `${blur}<g opacity="${shadow.opacity}"${filter}><g transform="${turnedTo(place, x, y)}">${shadowElements}</g></g>`;
  };
  const front = `${outline && stroke > 0 ? elements(`fill="none" ${edge(outline.color)}`) : ""}${elements(`fill="${color}"`)}`;
  const offset = shadow ? Math.abs(shadow.dx) + Math.abs(shadow.dy) + BLUR_REACH * shadow.blur : 0;
  return {
    key: JSON.stringify([key, em, color, outline, shadow]),
    width: unit.width * em,
    height: unit.height * em,
    bleed: Math.ceil(offset * em) + 1,
    flat: [outline?.color, shadow?.color].every((each) => each === undefined || each === color)
      ? color
      : null,
    draw: drawSvg(rasteriser, text.fonts, front, behind),
  };
}
