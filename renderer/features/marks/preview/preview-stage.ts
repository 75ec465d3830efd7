import type { PixelBox } from "#imaging/orientation.ts";
import type { OpaqueTile } from "#imaging/overlay/scaled-overlay.ts";
import { scaledSize } from "#imaging/overlay/scaled-overlay.ts";
import type { Compositor } from "./compositor.ts";
import { createCpuCompositor } from "./cpu-compositor.ts";
import { createGpuCompositor, openGpu } from "./gpu-compositor.ts";
import { boundedPan, type PreviewView, type Size, viewScale, visibleRegion } from "./view-geometry.ts";

export interface StagedPicture {
  readonly bitmap: ImageBitmap;
  /** Upright, in full: what the mark is drawn for. The bitmap may be smaller. */
  readonly size: Size;
}

/** What is in sight, in pixels of the picture as it is shown. */
export interface StageLayout extends PixelBox {
  readonly scale: number;
}

export interface StageEvents {
  readonly onCompositor: (kind: Compositor["kind"]) => void;
  /** Another scale is shown, or another part of the picture. */
  readonly onLayout: (layout: StageLayout) => void;
  /** The GPU has gone, and what it held: pictures have to be loaded anew. */
  readonly onLost: () => void;
  /** What was set last is on the screen. */
  readonly onDrawn: () => void;
}

/** The canvas under the preview: draws at most once a frame, only what is in sight, on the GPU where there is one. */
export class PreviewStage {
  readonly #host: HTMLElement;
  readonly #label: string;
  readonly #events: StageEvents;
  #compositor: Compositor | null = null;
  #canvas: HTMLCanvasElement | null = null;
  #picture: StagedPicture | null = null;
  /** The bitmap at the scale that is shown. */
  #shrunk: { readonly of: ImageBitmap; readonly width: number; readonly bitmap: ImageBitmap } | null = null;
  #pane: Size = { width: 1, height: 1 };
  #view: PreviewView = { zoom: "fit", pan: { x: 0, y: 0 } };
  #tiles: { readonly scale: number; readonly tiles: readonly OpaqueTile[] } | null = null;
  #split = 0;
  #backdrop = "";
  #frame = 0;
  #closed = false;

  constructor(host: HTMLElement, label: string, events: StageEvents) {
    this.#host = host;
    this.#label = label;
    this.#events = events;
  }

  /** Finds out what can draw. */
  async start(): Promise<void> {
    const device = await openGpu();
    if (this.#closed) return device?.destroy();
    if (device) this.#drawByGpu(device);
    else this.#drawByCpu();
  }

  get scale(): number {
    return this.#picture ? viewScale(this.#picture.size, this.#pane, this.#view.zoom) : 1;
  }

  setPicture(picture: StagedPicture | null): void {
    this.#picture = picture;
    this.#tiles = null;
    this.#changed();
  }

  setView(pane: Size, view: PreviewView): void {
    this.#pane = pane;
    this.#view = view;
    this.#changed();
  }

  /** @param scale for which they were drawn; those for another than the one that is shown wait for it. */
  setTiles(tiles: readonly OpaqueTile[], scale: number): void {
    this.#tiles = { tiles, scale };
    this.#changed();
  }

  /** Nothing new can be drawn: what was drawn for this scale stays, else there is no mark. */
  keepTiles(scale: number): void {
    if (this.#tiles?.scale !== scale) this.setTiles([], scale);
  }

  /** @param split the part of the visible picture, 0 to 1, that is shown without its mark */
  setSplit(split: number): void {
    this.#split = split;
    this.#changed();
  }

  /** Where a pan ends up. */
  bounded(pan: PreviewView["pan"]): PreviewView["pan"] {
    return this.#picture ? boundedPan(this.#picture.size, this.scale, this.#pane, pan) : pan;
  }

  /** The pan that brings the first piece of the mark into the middle at 100 %; a pattern is everywhere. */
  panToMark(): PreviewView["pan"] {
    const [first, ...others] = this.#tiles?.tiles ?? [];
    if (!first || !this.#tiles || !this.#picture || others.length > 8) return { x: 0, y: 0 };
    const { scale } = this.#tiles;
    const { width, height } = this.#picture.size;
    const pan = {
      x: width / 2 - (first.left + first.cell.width / 2) / scale,
      y: height / 2 - (first.top + first.cell.height / 2) / scale,
    };
    return boundedPan(this.#picture.size, 1, this.#pane, pan);
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    this.#compositor?.dispose();
    this.#shrunk?.bitmap.close();
    this.#canvas?.remove();
  }

  #drawByGpu(device: GPUDevice): void {
    try {
      this.#takeOn((canvas) => createGpuCompositor(canvas, device, () => this.#lost()));
    } catch {
      this.#drawByCpu();
    }
  }

  #lost(): void {
    if (this.#closed) return;
    this.#drawByCpu();
    this.#events.onLost();
  }

  #drawByCpu(): void {
    this.#takeOn(createCpuCompositor);
  }

  /** A canvas keeps the first kind of context that it was asked for, so each compositor has one of its own. */
  #takeOn(create: (canvas: HTMLCanvasElement) => Compositor): void {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", this.#label);
    canvas.addEventListener("contextrestored", () => this.#events.onLost());
    const compositor = create(canvas);
    this.#compositor?.dispose();
    this.#canvas?.remove();
    this.#compositor = compositor;
    this.#canvas = canvas;
    this.#backdrop = "";
    this.#host.prepend(canvas);
    this.#events.onCompositor(compositor.kind);
    this.#changed();
  }

  #changed(): void {
    if (this.#frame === 0 && !this.#closed) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const [compositor, canvas, picture] = [this.#compositor, this.#canvas, this.#picture];
    if (!compositor || !canvas) return;
    canvas.hidden = picture === null;
    if (!picture) return;
    const { scale } = this;
    const bitmap = this.#bitmapAt(picture, scale);
    if (!bitmap) return;
    const region = visibleRegion(picture.size, scale, this.#pane, this.#view.pan);
    this.#events.onLayout({ scale, ...region });
    if (this.#tiles?.scale !== scale) return;
    const backdrop = JSON.stringify([bitmapId(bitmap), region]);
    if (backdrop !== this.#backdrop) {
      compositor.setBackdrop(bitmap, region);
      this.#place(canvas, region);
      this.#backdrop = backdrop;
    }
    compositor.draw(this.#tiles.tiles, this.#split * region.width);
    this.#events.onDrawn();
  }

  /** In the host's middle, on whole pixels of the screen: between them, the screen would show other pixels. */
  #place({ style }: HTMLCanvasElement, { width, height }: Size): void {
    const host = this.#host.getBoundingClientRect();
    const start = (from: number, room: number, length: number) =>
      Math.round((from + room / 2) * devicePixelRatio - length / 2) / devicePixelRatio - from;
    style.left = `${start(host.left, host.width, width)}px`;
    style.top = `${start(host.top, host.height, height)}px`;
    style.width = `${width / devicePixelRatio}px`;
    style.height = `${height / devicePixelRatio}px`;
  }

  /** `null`: it is being made, and a frame follows. */
  #bitmapAt({ bitmap, size }: StagedPicture, scale: number): ImageBitmap | null {
    const { width, height } = scaledSize(size, scale);
    if (width === bitmap.width && height === bitmap.height) return bitmap;
    if (this.#shrunk?.of === bitmap && this.#shrunk.width === width) return this.#shrunk.bitmap;
    const options = { resizeWidth: width, resizeHeight: height, resizeQuality: "high" } as const;
    createImageBitmap(bitmap, { ...options, premultiplyAlpha: "none" }).then(
      (made) => {
        if (this.#closed || this.#picture?.bitmap !== bitmap) return made.close();
        const before = this.#shrunk;
        this.#shrunk = { of: bitmap, width, bitmap: made };
        before?.bitmap.close();
        this.#changed();
      },
      () => {},
    );
    return null;
  }
}

const ids = new WeakMap<ImageBitmap, number>();
let lastId = 0;

function bitmapId(bitmap: ImageBitmap): number {
  const known = ids.get(bitmap) ?? ++lastId;
  ids.set(bitmap, known);
  return known;
}
