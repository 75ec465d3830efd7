import type { Anchor, MarkSpec } from "#contracts/mark-spec.ts";
import type { PixelBox } from "./orientation.ts";
import type { TextRun } from "./text-runs.ts";

/** The ink of a text set at 1 pixel to the em: its box around the baseline's start, `top` negative above it. */
export interface TextInk {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where a mark stands on an upright picture, in pixels. */
export interface MarkLayout {
  /** Whole pixels, within the picture. */
  readonly box: PixelBox;
  readonly fontSize: number;
  /** Centre of the text, relative to the box. */
  readonly centerX: number;
  readonly centerY: number;
  /** Degrees, clockwise. */
  readonly rotation: number;
}

const HORIZONTAL: Readonly<Record<Anchor, number>> = {
  top_left: 0,
  left: 0,
  bottom_left: 0,
  top: 0.5,
  center: 0.5,
  bottom: 0.5,
  top_right: 1,
  right: 1,
  bottom_right: 1,
};
const VERTICAL: Readonly<Record<Anchor, number>> = {
  top_left: 0,
  top: 0,
  top_right: 0,
  left: 0.5,
  center: 0.5,
  right: 0.5,
  bottom_left: 1,
  bottom: 1,
  bottom_right: 1,
};

/**
 * Lays a mark out on an upright picture. The turned text's ink keeps the margin to the edges it is anchored to; where
 * it does not fit between the margins it is made smaller until it does. Pure.
 */
export function layoutMark(
  spec: Pick<MarkSpec, "size" | "position" | "margin" | "rotation">,
  picture: { readonly width: number; readonly height: number },
  ink: TextInk,
): MarkLayout {
  const short = Math.min(picture.width, picture.height);
  const radians = (spec.rotation * Math.PI) / 180;
  const cos = Math.abs(Math.cos(radians));
  const sin = Math.abs(Math.sin(radians));
  const margin = Math.min(spec.margin * short, (short - 1) / 2);
  const room = { width: picture.width - 2 * margin, height: picture.height - 2 * margin };
  const turned = { width: ink.width * cos + ink.height * sin, height: ink.width * sin + ink.height * cos };
  const fontSize = Math.min(spec.size * short, room.width / turned.width, room.height / turned.height);
  const width = turned.width * fontSize;
  const height = turned.height * fontSize;
  const left = margin + (room.width - width) * HORIZONTAL[spec.position];
  const top = margin + (room.height - height) * VERTICAL[spec.position];
  const box = enclosing(left, top, width, height, picture);
  return {
    box,
    fontSize,
    centerX: left + width / 2 - box.left,
    centerY: top + height / 2 - box.top,
    rotation: spec.rotation,
  };
}

/** One pixel more on each side, for what antialiasing spreads. */
function enclosing(
  left: number,
  top: number,
  width: number,
  height: number,
  picture: { readonly width: number; readonly height: number },
): PixelBox {
  const x0 = Math.max(0, Math.floor(left) - 1);
  const y0 = Math.max(0, Math.floor(top) - 1);
  const x1 = Math.min(picture.width, Math.ceil(left + width) + 1);
  const y1 = Math.min(picture.height, Math.ceil(top + height) + 1);
  return { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textElement(runs: readonly TextRun[], weight: number, attributes: string): string {
  const spans = runs
    .map(({ family, text }) => `<tspan font-family="${family}">${escapeXml(text)}</tspan>`)
    .join("");
  return `<text xml:space="preserve" font-weight="${weight}" ${attributes}>${spans}</text>`;
}

/** Ems a side of the picture that `measuringSvg` draws. */
const MEASURE_EM = 100;

/** A picture whose bounding box `inkOf` turns into the text's ink. */
export function measuringSvg(runs: readonly TextRun[], weight: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1">${textElement(runs, weight, `font-size="${MEASURE_EM}"`)}</svg>`;
}

/** `null`: the text has no ink at all (only spaces). */
export function inkOf(
  box:
    | { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
    | undefined,
): TextInk | null {
  if (!box || !(box.width > 0) || !(box.height > 0)) return null;
  const scale = 1 / MEASURE_EM;
  return { left: box.x * scale, top: box.y * scale, width: box.width * scale, height: box.height * scale };
}

/** The overlay as a picture of the layout's box, in white on nothing: its alpha is the mark's coverage. */
export function markSvg(layout: MarkLayout, ink: TextInk, runs: readonly TextRun[], weight: number): string {
  const { box, fontSize, centerX, centerY, rotation } = layout;
  const x = -(ink.left + ink.width / 2) * fontSize;
  const y = -(ink.top + ink.height / 2) * fontSize;
  const text = textElement(runs, weight, `fill="#fff" font-size="${fontSize}" x="${x}" y="${y}"`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${box.width}" height="${box.height}"><g transform="translate(${centerX} ${centerY}) rotate(${rotation})">${text}</g></svg>`;
}
