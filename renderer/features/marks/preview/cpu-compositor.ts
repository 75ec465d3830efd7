import type { PixelBox } from "#imaging/orientation.ts";
import { blendOpaqueTiles } from "#imaging/overlay/blend-opaque-tiles.ts";
import type { Compositor } from "./compositor.ts";

/** The deterministic path: whole numbers in the page's own thread, the same arithmetic as the worker's. */
export function createCpuCompositor(canvas: HTMLCanvasElement): Compositor {
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  let backdrop: ImageData | null = null;
  let region: PixelBox = { left: 0, top: 0, width: 1, height: 1 };
  return {
    kind: "cpu",
    setBackdrop(picture, box) {
      region = box;
      canvas.width = box.width;
      canvas.height = box.height;
      context.drawImage(picture, -box.left, -box.top);
      backdrop = context.getImageData(0, 0, box.width, box.height);
    },
    draw(tiles, split) {
      if (!backdrop) return;
      const { width, height } = region;
      const marked = new ImageData(new Uint8ClampedArray(backdrop.data), width, height);
      blendOpaqueTiles(marked.data, region, tiles);
      const shown = Math.min(width, Math.max(0, Math.round(split)));
      if (shown > 0) context.putImageData(backdrop, 0, 0, 0, 0, shown, height);
      if (shown < width) context.putImageData(marked, 0, 0, shown, 0, width - shown, height);
    },
    dispose() {
      backdrop = null;
    },
  };
}
