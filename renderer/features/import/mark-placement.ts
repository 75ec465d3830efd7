import type { MarkSpec } from "#contracts/mark-spec.ts";

/** Inter's ascender and descender ÷ em. */
const ASCENT = 0.969;
const DESCENT = 0.242;

export interface MarkPlacement {
  readonly x: number;
  /** Of the text's baseline. */
  readonly y: number;
  readonly fontSize: number;
  readonly anchor: "start" | "middle" | "end";
}

/** Where a mark's text stands on a picture of `width` × `height`, in its pixels. Pure. */
export function placeMark(mark: MarkSpec, width: number, height: number): MarkPlacement {
  const short = Math.min(width, height);
  const fontSize = mark.size * short;
  const margin = mark.margin * short;
  const [left, right] = [mark.position.includes("left"), mark.position.includes("right")];
  const [top, bottom] = [mark.position.includes("top"), mark.position.includes("bottom")];
  const middle = height / 2 + ((ASCENT - DESCENT) / 2) * fontSize;
  return {
    x: left ? margin : right ? width - margin : width / 2,
    y: top ? margin + ASCENT * fontSize : bottom ? height - margin - DESCENT * fontSize : middle,
    fontSize,
    anchor: left ? "start" : right ? "end" : "middle",
  };
}
