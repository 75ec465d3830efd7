import type { PixelBox } from "../orientation.ts";
import type { DrawnPixels } from "./resvg-rasteriser.ts";

/** Where a picture stands in what is drawn: its centre, its scale and its turn. */
export interface PicturePlacement {
  readonly centerX: number;
  readonly centerY: number;
  /** Drawn pixels for one of the picture's. */
  readonly scale: number;
  readonly cos: number;
  readonly sin: number;
}

/** Samples taken in each drawn pixel, in each direction. */
const SAMPLES = 2;

/**
 * Scales and turns a picture: averaged in whole steps down to two to four pixels for a drawn one, then sampled
 * bilinearly. Sums, products and quotients alone, so that every machine gives the same pixels. Pure.
 * @param window What is drawn, in the placement's coordinates.
 */
export function scaledPicture(source: DrawnPixels, place: PicturePlacement, window: PixelBox): DrawnPixels {
  const step = Math.max(1, Math.floor(1 / (SAMPLES * place.scale)));
  const small = averaged(source, step);
  const premultiplied = new Uint8Array(window.width * window.height * 4);
  const sum = [0, 0, 0, 0];
  // From a drawn point, counted from the centre, to a point of the averaged picture.
  const toSmall = 1 / (place.scale * step);
  const [middleX, middleY] = [source.width / step / 2, source.height / step / 2];
  for (let row = 0; row < window.height; row++)
    for (let column = 0; column < window.width; column++) {
      sum.fill(0);
      for (let i = 0; i < SAMPLES * SAMPLES; i++) {
        const x = window.left + column + ((i % SAMPLES) + 0.5) / SAMPLES - place.centerX;
        const y = window.top + row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES - place.centerY;
        addSample(
          small,
          (x * place.cos + y * place.sin) * toSmall + middleX - 0.5,
          (y * place.cos - x * place.sin) * toSmall + middleY - 0.5,
          sum,
        );
      }
      const at = (row * window.width + column) * 4;
      for (let channel = 0; channel < 4; channel++)
        premultiplied[at + channel] = Math.round(sum[channel]! / (SAMPLES * SAMPLES));
    }
  return { width: window.width, height: window.height, premultiplied };
}

function averaged(source: DrawnPixels, step: number): DrawnPixels {
  if (step === 1) return source;
  const width = Math.ceil(source.width / step);
  const height = Math.ceil(source.height / step);
  const premultiplied = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const right = Math.min(source.width, (x + 1) * step);
      const bottom = Math.min(source.height, (y + 1) * step);
      const count = (right - x * step) * (bottom - y * step);
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let v = y * step; v < bottom; v++)
          for (let u = x * step; u < right; u++)
            sum += source.premultiplied[(v * source.width + u) * 4 + channel]!;
        premultiplied[(y * width + x) * 4 + channel] = Math.round(sum / count);
      }
    }
  return { width, height, premultiplied };
}

/** Adds the four neighbours of a point, by their nearness. Outside the picture there is nothing. */
function addSample({ width, height, premultiplied }: DrawnPixels, x: number, y: number, sum: number[]): void {
  const left = Math.floor(x);
  const top = Math.floor(y);
  for (let i = 0; i < 4; i++) {
    const u = left + (i & 1);
    const v = top + (i >> 1);
    if (u < 0 || v < 0 || u >= width || v >= height) continue;
    const weight = (i & 1 ? x - left : 1 - (x - left)) * (i >> 1 ? y - top : 1 - (y - top));
    const at = (v * width + u) * 4;
    for (let channel = 0; channel < 4; channel++) sum[channel]! += premultiplied[at + channel]! * weight;
  }
}
