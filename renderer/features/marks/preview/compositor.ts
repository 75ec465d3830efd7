import type { PixelBox } from "#imaging/orientation.ts";
import type { OpaqueTile } from "#imaging/overlay/scaled-overlay.ts";

/** Lays a mark over the part of a picture that is in sight, on one canvas. Two of them: GPU and CPU. */
export interface Compositor {
  readonly kind: "gpu" | "cpu";
  /** The part of a picture that is in sight from now on. */
  setBackdrop(picture: ImageBitmap, region: PixelBox): void;
  /**
   * @param tiles Their places count from the picture's corner.
   * @param split Columns from the region's left that show the picture without its mark.
   */
  draw(tiles: readonly OpaqueTile[], split: number): void;
  dispose(): void;
}
