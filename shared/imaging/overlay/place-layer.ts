import type { Length } from "#contracts/mark-operator.ts";
import type { Anchor } from "#contracts/mark-spec.ts";
import type { PixelBox } from "../orientation.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
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

/** Where an anchor stands from side to side: 0 left, 0.5 in the middle, 1 right. */
export function horizontalPart(anchor: Anchor): number {
  return HORIZONTAL[anchor];
}

/** A length in pixels of an upright picture. Pure. */
export function pixelsOf({ value, unit }: Length, { width, height }: PictureSize): number {
  switch (unit) {
    case "px":
      return value;
    case "width":
      return value * width;
    case "height":
      return value * height;
    case "short_side":
      return value * Math.min(width, height);
    case "long_side":
      return value * Math.max(width, height);
  }
}

/**
 * What a layer may fill: the safe area without the margins, at least one pixel. Fractions of pixels.
 */
export function roomFor(
  layer: { readonly marginX: Length; readonly marginY: Length },
  safeArea: Length,
  picture: PictureSize,
): PixelBox {
  const safe = pixelsOf(safeArea, picture);
  const inset = (margin: Length, side: number) =>
    Math.max(0, Math.min(safe + pixelsOf(margin, picture), (side - 1) / 2));
  const left = inset(layer.marginX, picture.width);
  const top = inset(layer.marginY, picture.height);
  return { left, top, width: picture.width - 2 * left, height: picture.height - 2 * top };
}

/** Sine and cosine of degrees, rounded: engines differ in the last bits. */
export function turnOf(degrees: number): { readonly cos: number; readonly sin: number } {
  const radians = (degrees * Math.PI) / 180;
  const rounded = (value: number) => Math.round(value * 1e9) / 1e9;
  return { cos: rounded(Math.cos(radians)), sin: rounded(Math.sin(radians)) };
}

/** The upright box around a turned one. */
export function turnedSize(size: PictureSize, degrees: number): PictureSize {
  const { cos, sin } = turnOf(degrees);
  const [c, s] = [Math.abs(cos), Math.abs(sin)];
  return { width: size.width * c + size.height * s, height: size.width * s + size.height * c };
}

/** How much smaller than wanted a turned box must be to fit into the room; 1 where it fits. */
export function shrinkToFit(turned: PictureSize, room: PictureSize): number {
  return Math.min(1, room.width / turned.width, room.height / turned.height);
}

/** Upper left corner of a turned box at its anchor. Fractions of pixels. */
export function anchored(
  anchor: Anchor,
  turned: PictureSize,
  room: PixelBox,
): { readonly left: number; readonly top: number } {
  return {
    left: room.left + (room.width - turned.width) * HORIZONTAL[anchor],
    top: room.top + (room.height - turned.height) * VERTICAL[anchor],
  };
}

/** The part of a box that lies within the picture; `null`: none of it. */
export function within(box: PixelBox, picture: PictureSize): PixelBox | null {
  const left = Math.max(0, box.left);
  const top = Math.max(0, box.top);
  const width = Math.min(picture.width, box.left + box.width) - left;
  const height = Math.min(picture.height, box.top + box.height) - top;
  return width > 0 && height > 0 ? { left, top, width, height } : null;
}
