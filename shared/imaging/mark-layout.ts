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

/** A text whose runs have their places: `offset` in ems from the baseline's start. */
export interface SetText {
  readonly runs: readonly (TextRun & { readonly offset: number })[];
  readonly weight: number;
  readonly ink: TextInk;
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

function svg(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`;
}

/** Each run is an element of its own: within one, the rasteriser would set all of it in the font that has most of it. */
function textElement({ family, text }: TextRun, weight: number, attributes: string): string {
  return `<text xml:space="preserve" font-family="${family}" font-weight="${weight}" ${attributes}>${escapeXml(text)}</text>`;
}

/** The box of what a picture shows, as a rasteriser answers it; `undefined` when it shows nothing. */
export type MeasureSvg = (
  svg: string,
) => { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | undefined;

/** Pixels to the em at which text is measured. */
const MEASURE_EM = 200;
/** Ends a run, so that its last character's whole advance shows. */
const SENTINEL = "I";

/** Sets runs one behind the other on one baseline. `null`: the text has no ink at all. */
export function setText(runs: readonly TextRun[], weight: number, measure: MeasureSvg): SetText | null {
  const boxOf = (family: string, text: string) =>
    measure(svg(1, 1, textElement({ family, text }, weight, `font-size="${MEASURE_EM}"`)));
  const rightOf = (family: string, text: string) => {
    const box = boxOf(family, text);
    return box ? (box.x + box.width) / MEASURE_EM : 0;
  };
  const placed: (TextRun & { readonly offset: number })[] = [];
  let offset = 0;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const run of runs) {
    placed.push({ ...run, offset });
    const box = boxOf(run.family, run.text);
    if (box && box.width > 0 && box.height > 0) {
      left = Math.min(left, offset + box.x / MEASURE_EM);
      top = Math.min(top, box.y / MEASURE_EM);
      right = Math.max(right, offset + (box.x + box.width) / MEASURE_EM);
      bottom = Math.max(bottom, (box.y + box.height) / MEASURE_EM);
    }
    offset += rightOf(run.family, run.text + SENTINEL) - rightOf(run.family, SENTINEL);
  }
  return right > left
    ? { runs: placed, weight, ink: { left, top, width: right - left, height: bottom - top } }
    : null;
}

/** The overlay as a picture of the layout's box, in white on nothing: its alpha is the mark's coverage. */
export function markSvg(layout: MarkLayout, { runs, weight, ink }: SetText): string {
  const { box, fontSize, centerX, centerY, rotation } = layout;
  const y = -(ink.top + ink.height / 2) * fontSize;
  const texts = runs.map((run) => {
    const x = (run.offset - ink.left - ink.width / 2) * fontSize;
    return textElement(run, weight, `fill="#fff" font-size="${fontSize}" x="${x}" y="${y}"`);
  });
  const turn = `translate(${centerX} ${centerY}) rotate(${rotation})`;
  return svg(box.width, box.height, `<g transform="${turn}">${texts.join("")}</g>`);
}
