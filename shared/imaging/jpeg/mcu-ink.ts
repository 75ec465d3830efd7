import { blendChannel } from "../blend-modes.ts";
import type { InkTile } from "../overlay.ts";
import { colorMatrix, componentMatrix, countsInk } from "./color-coding.ts";
import type { FrameHead } from "./frame-head.ts";
import { mcuSize } from "./touched-mcus.ts";

/** A block of an MCU: its component, and its place among that component's blocks in the MCU. */
export interface BlockPlace {
  readonly component: number;
  readonly x: number;
  readonly y: number;
}

/**
 * Tiles as changes of an MCU's samples. Pixels beyond the picture's edge get what the edge has; a sample of fewer than
 * the pixels' number gets the mean of what its pixels get.
 *
 * Tiles of mode `normal` only are linear: all of them together are one alpha and one colour a pixel, and nothing is
 * rounded or cut off on the way. Other modes need colours: the MCU's samples become pixels, each chrominance sample for
 * all pixels that it stands for, and the difference that blending makes becomes samples again.
 */
export class McuInk {
  readonly #header: FrameHead;
  readonly #tiles: readonly InkTile[];
  readonly #blocks: readonly BlockPlace[];
  readonly #width: number;
  readonly #height: number;
  readonly #rows: readonly (readonly number[])[];
  readonly #offsets: readonly number[];
  readonly #toColor: readonly (readonly number[])[];
  readonly #isInk: boolean;
  /** Of each pixel of the MCU: 1 less what is left of the picture. */
  readonly #cover: Float64Array;
  /** For each component, of each pixel: what comes instead of it, or the change. */
  readonly #added: readonly Float64Array[];

  constructor(header: FrameHead, tiles: readonly InkTile[], blocks: readonly BlockPlace[]) {
    this.#header = header;
    this.#tiles = tiles;
    this.#blocks = blocks;
    const { width, height } = mcuSize(header);
    [this.#width, this.#height] = [width, height];
    const { rows, offsets } = componentMatrix(header.colorCoding);
    [this.#rows, this.#offsets] = [rows, offsets];
    this.#toColor = colorMatrix(header.colorCoding);
    this.#isInk = countsInk(header.colorCoding);
    this.#cover = new Float64Array(width * height);
    this.#added = rows.map(() => new Float64Array(width * height));
  }

  /**
   * Puts changes where `samples` has the MCU's blocks, as `JpegKernel.samples` lays them out; answers which blocks
   * change, by their numbers.
   * @param mcu Its number in coding order.
   */
  change(mcu: number, samples: Float32Array): number[] {
    const left = (mcu % this.#header.mcusPerRow) * this.#width;
    const top = Math.floor(mcu / this.#header.mcusPerRow) * this.#height;
    const tiles = this.#tiles.filter(
      (tile) =>
        tile.left < left + this.#width &&
        tile.left + tile.width > left &&
        tile.top < top + this.#height &&
        tile.top + tile.height > top,
    );
    this.#cover.fill(0);
    const [only] = tiles;
    if (only && tiles.length === 1 && only.blend === "normal" && isPlain(only)) {
      const [cover, { alpha }] = [this.#cover, only];
      this.#eachPixel(only, left, top, (pixel, inTile) => {
        cover[pixel] = alpha[inTile]! / 255;
      });
      const color = this.#rows.map((row, component) =>
        row.reduce((sum, factor, i) => sum + factor * only.colors[i]!, this.#offsets[component]! - 128),
      );
      return this.#changedBlocks(samples, color);
    }
    for (const plane of this.#added) plane.fill(0);
    if (tiles.every(({ blend }) => blend === "normal"))
      for (const tile of tiles) this.#layOver(tile, left, top);
    else this.#blend(tiles, left, top, samples);
    return this.#changedBlocks(samples, null);
  }

  /** @param color The components' samples where it is the same for all pixels, 0 for 128; `null`: see `#added`. */
  #changedBlocks(samples: Float32Array, color: readonly number[] | null): number[] {
    const changed: number[] = [];
    for (let i = 0; i < this.#blocks.length; i++) if (this.#toSamples(i, samples, color)) changed.push(i);
    return changed;
  }

  /** Calls for each pixel of the MCU that a tile covers: its number in the MCU, and in the tile. */
  #eachPixel(tile: InkTile, left: number, top: number, visit: (pixel: number, inTile: number) => void): void {
    const [lastX, lastY] = [this.#header.width - 1, this.#header.height - 1];
    for (let y = 0; y < this.#height; y++) {
      const row = Math.min(top + y, lastY) - tile.top;
      if (row < 0 || row >= tile.height) continue;
      for (let x = 0; x < this.#width; x++) {
        const column = Math.min(left + x, lastX) - tile.left;
        if (column < 0 || column >= tile.width) continue;
        const inTile = row * tile.width + column;
        if (tile.alpha[inTile] !== 0) visit(y * this.#width + x, inTile);
      }
    }
  }

  #layOver(tile: InkTile, left: number, top: number): void {
    const { alpha, channels, colors } = tile;
    const hasOneColor = isPlain(tile);
    const [cover, added, rows, offsets] = [this.#cover, this.#added, this.#rows, this.#offsets];
    this.#eachPixel(tile, left, top, (pixel, inTile) => {
      const part = alpha[inTile]! / 255;
      const rest = 1 - part;
      const from = hasOneColor ? 0 : inTile * channels;
      cover[pixel] = cover[pixel]! * rest + part;
      for (let component = 0; component < rows.length; component++) {
        const row = rows[component]!;
        let sample = offsets[component]! - 128;
        for (let channel = 0; channel < channels; channel++)
          sample += row[channel]! * colors[from + channel]!;
        const plane = added[component]!;
        plane[pixel] = plane[pixel]! * rest + part * sample;
      }
    });
  }

  #blend(tiles: readonly InkTile[], left: number, top: number, samples: Float32Array): void {
    const added = this.#added;
    const light = this.#light(samples);
    const before = light.map((plane) => plane.slice());
    for (const tile of tiles) {
      const { alpha, blend, channels, colors } = tile;
      const hasOneColor = isPlain(tile);
      this.#eachPixel(tile, left, top, (pixel, inTile) => {
        const part = alpha[inTile]! / 255;
        const from = hasOneColor ? 0 : inTile * channels;
        for (const [channel, plane] of light.entries()) {
          const color = colors[from + channel]! / 255;
          const blended = blendChannel(blend, plane[pixel]!, this.#isInk ? 1 - color : color);
          plane[pixel] = plane[pixel]! + part * (blended - plane[pixel]!);
        }
      });
    }
    const scale = this.#isInk ? -255 : 255;
    for (const [component, row] of this.#rows.entries())
      for (const [channel, plane] of light.entries()) {
        const factor = scale * row[channel]!;
        if (factor === 0) continue;
        for (let i = 0; i < plane.length; i++)
          added[component]![i]! += factor * (plane[i]! - before[channel]![i]!);
      }
  }

  /** The MCU's pixels, channel by channel, 0 to 1, in an additive space. */
  #light(samples: Float32Array): Float64Array[] {
    const { components, maxHorizontal, maxVertical } = this.#header;
    const planes = components.map(() => new Float64Array(this.#cover.length));
    for (const [i, { component, x: blockX, y: blockY }] of this.#blocks.entries()) {
      const stepX = maxHorizontal / components[component]!.horizontal;
      const stepY = maxVertical / components[component]!.vertical;
      const plane = planes[component]!;
      const shift = 128 - this.#offsets[component]!;
      for (let y = blockY * 8 * stepY; y < (blockY + 1) * 8 * stepY; y++)
        for (let x = blockX * 8 * stepX; x < (blockX + 1) * 8 * stepX; x++) {
          const [inX, inY] = [Math.floor(x / stepX) & 7, Math.floor(y / stepY) & 7];
          plane[y * this.#width + x] = samples[i * 64 + inX * 8 + inY]! + shift;
        }
    }
    return this.#toColor.map((row) =>
      Float64Array.from(planes[0]!, (_, pixel) => {
        const value = row.reduce((sum, factor, component) => sum + factor * planes[component]![pixel]!, 0);
        const color = Math.min(1, Math.max(0, value / 255));
        return this.#isInk ? 1 - color : color;
      }),
    );
  }

  /** False: nothing of block `i` changes. */
  #toSamples(i: number, samples: Float32Array, color: readonly number[] | null): boolean {
    const { components, maxHorizontal, maxVertical } = this.#header;
    const [cover, width] = [this.#cover, this.#width];
    const { component, x: blockX, y: blockY } = this.#blocks[i]!;
    const stepX = maxHorizontal / components[component]!.horizontal;
    const stepY = maxVertical / components[component]!.vertical;
    const share = 1 / (stepX * stepY);
    const plane = color ? null : this.#added[component]!;
    const sample = color ? color[component]! : 0;
    let isChanged = false;
    for (let at = 0; at < 64; at++) {
      const x0 = (blockX * 8 + (at >> 3)) * stepX;
      const y0 = (blockY * 8 + (at & 7)) * stepY;
      let covered = 0;
      let sum = 0;
      for (let y = y0; y < y0 + stepY; y++)
        for (let pixel = y * width + x0; pixel < y * width + x0 + stepX; pixel++) {
          covered += cover[pixel]!;
          if (plane) sum += plane[pixel]!;
        }
      isChanged ||= covered !== 0 || sum !== 0;
      samples[i * 64 + at] = share * (sum + covered * (sample - samples[i * 64 + at]!));
    }
    return isChanged;
  }
}

function isPlain({ colors, channels }: InkTile): boolean {
  return colors.length === channels;
}
