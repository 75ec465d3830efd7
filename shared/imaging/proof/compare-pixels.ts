import type { ProofDifference, ProofDigest } from "#contracts/proof-record.ts";
import type { PixelBox } from "../orientation.ts";
import { BlockDigest, type Sha256 } from "./block-digest.ts";
import type { DecodedPage, DecodedPicture } from "./decoded-picture.ts";
import { boxesOfCells, cellBoxes, clippedBoxes, uncoveredSpans } from "./region.ts";

/** Side of the squares in which differences are looked for, in pixels. */
const CELL = 16;
/** Of the squares over which means are taken, so that a small change that is large where it is does not drown. */
export const TILE = 32;

/** Boxes of each page, in one of its frames. A page without an entry has none. */
export type PageRegions = readonly (readonly PixelBox[])[];

/** Boxes of one frame on each of a page's frames, which stand one above the other. */
function onAllFrames(boxes: readonly PixelBox[], picture: DecodedPicture, page: DecodedPage): PixelBox[] {
  const height = page.height / picture.frames;
  return Array.from({ length: picture.frames }, (_, frame) =>
    clippedBoxes(boxes, { width: page.width, height }).map((box) => ({
      ...box,
      top: box.top + frame * height,
    })),
  ).flat();
}

/** Calls `each` with every part of a row that no box covers: page, row, and sample offsets [from, to). */
function forOutside(
  picture: DecodedPicture,
  touched: PageRegions,
  each: (page: number, y: number, from: number, to: number) => void,
): void {
  for (const [number, page] of picture.pages.entries()) {
    const boxes = onAllFrames(touched[number] ?? [], picture, page);
    for (let y = 0; y < page.height; y++)
      for (const [left, right] of uncoveredSpans(boxes, page.width, y)) {
        const row = y * page.width;
        each(number, y, (row + left) * page.channels, (row + right) * page.channels);
      }
  }
}

/** Pixels outside the boxes and in them, over all pages. Pure. */
export function countPixels(picture: DecodedPicture, touched: PageRegions) {
  let compared = 0;
  forOutside(picture, touched, (page, _, from, to) => {
    compared += (to - from) / picture.pages[page]!.channels;
  });
  const all = picture.pages.reduce((sum, { width, height }) => sum + width * height, 0);
  return { compared, leftOut: all - compared };
}

/** For each page boxes, on one frame, around the pixels outside `touched` that are not the same. Pure. */
export function differingBoxes(a: DecodedPicture, b: DecodedPicture, touched: PageRegions): PixelBox[][] {
  const grids = a.pages.map((page) => gridOf(a, page, CELL));
  forOutside(a, touched, (page, y, from, to) => {
    const { samples: left, channels, width } = a.pages[page]!;
    const { samples: right } = b.pages[page]!;
    const { cells, columns, height } = grids[page]!;
    for (let i = from; i < to; i++) {
      if (left[i] === right[i]) continue;
      const cell = Math.floor((Math.floor(i / channels) - y * width) / CELL);
      cells[Math.floor((y % height) / CELL) * columns + cell] = 1;
      // The rest of the cell says nothing more.
      i = Math.min(to, (y * width + (cell + 1) * CELL) * channels) - 1;
    }
  });
  return grids.map(boxesOf);
}

/** For each page boxes around the tiles of its first frame whose mean differs by more than `limit`. Pure. */
export function changedTiles(
  a: DecodedPicture,
  b: DecodedPicture,
  touched: PageRegions,
  limit: number,
): PixelBox[][] {
  const grids = a.pages.map((page) => gridOf(a, page, TILE));
  measurePixels(a, b, touched, (page, x, y, mean) => {
    const { cells, columns } = grids[page]!;
    if (mean > limit) cells[y * columns + x] = 1;
  });
  return grids.map(boxesOf);
}

function gridOf({ frames }: DecodedPicture, page: DecodedPage, side: number) {
  const height = page.height / frames;
  const columns = Math.ceil(page.width / side);
  const cells = new Uint8Array(columns * Math.ceil(height / side));
  return { cells, columns, side, width: page.width, height };
}

function boxesOf({ cells, columns, side, width, height }: ReturnType<typeof gridOf>): PixelBox[] {
  return boxesOfCells(cellBoxes(cells, columns), { width: side, height: side }, { width, height });
}

/**
 * Digest of all pixels outside the boxes: `PMP1`; bits a sample, 8 bits; the number of pages, 16 bits; for each page its width
 * and height, 32 bits, and its number of channels, 8 bits; then the samples, page by page, row by row, channels
 * interleaved, in the stored depth. Little-endian.
 */
export async function digestPixels(
  picture: DecodedPicture,
  touched: PageRegions,
  sha256: Sha256,
): Promise<ProofDigest> {
  const digest = new BlockDigest(sha256);
  const head = new DataView(new ArrayBuffer(7 + 9 * picture.pages.length));
  for (const [i, letter] of [...new TextEncoder().encode("PMP1")].entries()) head.setUint8(i, letter);
  head.setUint8(4, picture.bits);
  head.setUint16(5, picture.pages.length, true);
  for (const [i, { width, height, channels }] of picture.pages.entries()) {
    head.setUint32(7 + 9 * i, width, true);
    head.setUint32(11 + 9 * i, height, true);
    head.setUint8(15 + 9 * i, channels);
  }
  digest.append(new Uint8Array(head.buffer));
  forOutside(picture, touched, (page, _, from, to) => {
    const span = picture.pages[page]!.samples.subarray(from, to);
    digest.append(new Uint8Array(span.buffer, span.byteOffset, span.byteLength));
  });
  return await digest.finish();
}

export interface Measured {
  /** A channel each, in parts of 255. */
  readonly channels: ProofDifference[];
  /** Decibel over all channels; `null`: no difference at all. */
  readonly psnr: number | null;
}

/**
 * Measures by how much pixels outside the boxes differ. Pages and frames are measured together. Pure.
 * @param onTile Told of the tiles of each page's first frame: where, in tiles, and a channel's mean difference in it.
 */
export function measurePixels(
  a: DecodedPicture,
  b: DecodedPicture,
  touched: PageRegions,
  onTile?: (page: number, x: number, y: number, mean: number) => void,
): Measured {
  const channels = a.pages[0]!.channels;
  const full = a.bits === 16 ? 65_535 : 255;
  const parts = (value: number) => Math.round((value * 255_000) / full) / 1000;
  const sums = Array.from({ length: channels }, () => ({ max: 0, sum: 0, tile: 0 }));
  let [count, squares] = [0, 0];
  for (const [number, page] of a.pages.entries()) {
    const columns = Math.ceil(page.width / TILE);
    let tiles = new Float64Array(columns * channels);
    let covered = new Uint32Array(columns);
    const left = page.samples;
    const right = b.pages[number]!.samples;
    const boxes = onAllFrames(touched[number] ?? [], a, page);
    for (let y = 0; y < page.height; y++) {
      for (const [from, to] of uncoveredSpans(boxes, page.width, y)) {
        count += to - from;
        for (let x = from; x < to; ) {
          const tile = Math.floor(x / TILE);
          const end = Math.min(to, (tile + 1) * TILE);
          covered[tile] = covered[tile]! + end - x;
          for (let channel = 0; channel < channels; channel++) {
            const last = (y * page.width + end) * channels;
            let [sum, max] = [0, 0];
            for (let i = (y * page.width + x) * channels + channel; i < last; i += channels) {
              const difference = Math.abs(left[i]! - right[i]!);
              sum += difference;
              squares += difference * difference;
              if (difference > max) max = difference;
            }
            const own = sums[channel]!;
            own.sum += sum;
            own.max = Math.max(own.max, max);
            const at = tile * channels + channel;
            tiles[at] = tiles[at]! + sum;
          }
          x = end;
        }
      }
      if ((y + 1) % TILE !== 0 && y + 1 !== page.height) continue;
      for (let at = 0; at < tiles.length; at++) {
        const own = sums[at % channels]!;
        // A tile of which hardly anything is left would only measure noise.
        const pixels = Math.max(covered[Math.floor(at / channels)]!, (TILE * TILE) / 4);
        const mean = tiles[at]! / pixels;
        own.tile = Math.max(own.tile, mean);
        if (y < page.height / a.frames)
          onTile?.(number, Math.floor(at / channels), Math.floor(y / TILE), parts(mean));
      }
      tiles = new Float64Array(columns * channels);
      covered = new Uint32Array(columns);
    }
  }
  const mean = squares / Math.max(1, count * channels);
  return {
    channels: sums.map(({ max, sum, tile }) => ({
      max: parts(max),
      mean: parts(sum / Math.max(1, count)),
      tile: parts(tile),
    })),
    psnr: squares === 0 ? null : Math.round(1000 * Math.log10((full * full) / mean)) / 100,
  };
}
