import type { Resvg } from "@resvg/resvg-wasm";

/** Pixels with colours multiplied by alpha: 4 bytes each, row by row. */
export interface DrawnPixels {
  readonly width: number;
  readonly height: number;
  readonly premultiplied: Uint8Array;
}

export interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws SVG with given fonts and nothing of the machine's. The same input gives the same pixels everywhere. */
export interface SvgRasteriser {
  /** The size a document asks for. @throws Error when it is no SVG. */
  size(svg: string): { readonly width: number; readonly height: number };
  /** The box of what a document shows; `undefined` when it shows nothing. */
  measure(svg: string, fonts: readonly Uint8Array[]): DrawnBox | undefined;
  draw(svg: string, fonts: readonly Uint8Array[]): DrawnPixels;
}

/** The rasteriser over resvg's class, whose WebAssembly the caller has started (`initWasm`). */
export function resvgRasteriser(ResvgClass: typeof Resvg): SvgRasteriser {
  function using<T>(
    svg: string,
    fonts: readonly Uint8Array[],
    work: (resvg: InstanceType<typeof Resvg>) => T,
  ): T {
    const resvg = new ResvgClass(svg, { font: { loadSystemFonts: false, fontBuffers: [...fonts] } });
    try {
      return work(resvg);
    } finally {
      resvg.free();
    }
  }
  return {
    size: (svg) => using(svg, [], ({ width, height }) => ({ width, height })),
    measure: (svg, fonts) =>
      using(svg, fonts, (resvg) => {
        const box = resvg.getBBox();
        if (!box) return undefined;
        const { x, y, width, height } = box;
        box.free();
        return { x, y, width, height };
      }),
    draw: (svg, fonts) =>
      using(svg, fonts, (resvg) => {
        const image = resvg.render();
        const drawn = { width: image.width, height: image.height, premultiplied: image.pixels };
        image.free();
        return drawn;
      }),
  };
}
