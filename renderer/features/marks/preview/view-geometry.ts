import type { PixelBox } from "#imaging/orientation.ts";
import { scaledSize } from "#imaging/overlay/scaled-overlay.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface PreviewView {
  readonly zoom: "fit" | "full";
  /** Of the picture's centre from the pane's, in pixels of the screen. */
  readonly pan: { readonly x: number; readonly y: number };
}

/** How much smaller a picture is shown: a fitting one is never enlarged, at 100 % its pixels are the screen's. Pure. */
export function viewScale(picture: Size, pane: Size, zoom: PreviewView["zoom"]): number {
  if (zoom === "full") return 1;
  return Math.max(1e-3, Math.min(1, pane.width / picture.width, pane.height / picture.height));
}

/** The part of a picture that is in sight, in pixels of the picture as it is shown. Pure. */
export function visibleRegion(picture: Size, scale: number, pane: Size, pan: PreviewView["pan"]): PixelBox {
  const shown = scaledSize(picture, scale);
  const part = (length: number, room: number, moved: number) => {
    const visible = Math.max(1, Math.min(length, Math.floor(room)));
    const start = Math.round((length - visible) / 2 - moved);
    return { start: Math.min(length - visible, Math.max(0, start)), visible };
  };
  const across = part(shown.width, pane.width, pan.x);
  const down = part(shown.height, pane.height, pan.y);
  return { left: across.start, top: down.start, width: across.visible, height: down.visible };
}

/** Keeps a pan within what it can move. Pure. */
export function boundedPan(
  picture: Size,
  scale: number,
  pane: Size,
  pan: PreviewView["pan"],
): PreviewView["pan"] {
  const shown = scaledSize(picture, scale);
  const within = (value: number, length: number, room: number) => {
    const limit = Math.max(0, (length - room) / 2);
    return Math.min(limit, Math.max(-limit, value));
  };
  return { x: within(pan.x, shown.width, pane.width), y: within(pan.y, shown.height, pane.height) };
}
