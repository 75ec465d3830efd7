import type { PixelBox } from "../orientation.ts";
import { type PictureSize, turnOf } from "./place-layer.ts";
import type { DrawnPixels, SvgRasteriser } from "./resvg-rasteriser.ts";
import { svgDocument } from "./svg-text.ts";

/** How a drawing lies in what is drawn. */
export interface DrawingPlace {
  /** What is drawn, whole pixels; the centre counts from the same corner. */
  readonly window: PixelBox;
  readonly centerX: number;
  readonly centerY: number;
  /** Degrees, clockwise, around the centre. */
  readonly rotation: number;
}

/** A layer at its size on one picture, but at no place yet. */
export interface Drawing extends PictureSize {
  /** Equal keys draw equal pixels. */
  readonly key: string;
  /** Pixels that a shadow or antialiasing may reach beyond the size, on each side. Whole. */
  readonly bleed: number;
  /** `#rrggbb` where all of it has one colour, else `null`. */
  readonly flat: string | null;
  draw(place: DrawingPlace): DrawnPixels;
}

/** A piece of SVG around (0, 0), as a drawing's `draw`. */
export function drawSvg(
  rasteriser: SvgRasteriser,
  fonts: readonly Uint8Array[],
  content: string,
): Drawing["draw"] {
  return (place) => {
    const body = `<g transform="${turnedTo(place)}">${content}</g>`;
    return rasteriser.draw(svgDocument(place.window.width, place.window.height, body), fonts);
  };
}

/** The transformation that puts (0, 0) into a drawing's centre, moved by (x, y), and turns what is around it. */
export function turnedTo({ window, centerX, centerY, rotation }: DrawingPlace, x = 0, y = 0): string {
  const { cos, sin } = turnOf(rotation);
  return `matrix(${cos} ${sin} ${-sin} ${cos} ${centerX - window.left + x} ${centerY - window.top + y})`;
}
