import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { MarkSpec } from "#contracts/mark-spec.ts";
import { fontCoverage } from "#imaging/font-coverage.ts";
import { layoutMark, markSvg, type SetText, setText } from "#imaging/mark-layout.ts";
import type { CoverageMask } from "#imaging/orientation.ts";
import { type TextRun, textRuns } from "#imaging/text-runs.ts";
import { AppError } from "#kernel/errors.ts";
import { fontsFolder, resvgWasm } from "./locations.ts";

type Family = MarkSpec["font"];

interface ShippedFont {
  readonly family: Family;
  readonly weight: number;
  readonly bytes: Uint8Array;
  covers(codePoint: number): boolean;
}

const FILES: readonly { readonly family: Family; readonly weight: number; readonly file: string }[] = [
  { family: "Inter", weight: 400, file: "Inter_400Regular.ttf" },
  { family: "Inter", weight: 600, file: "Inter_600SemiBold.ttf" },
  { family: "Noto Sans SC", weight: 400, file: "NotoSansSC_400Regular.ttf" },
];

/** Masks kept for the next picture of the same size, in bytes. */
const CACHE_BYTES = 16 * 1024 * 1024;
/** Measured texts kept. */
const MOST_TEXTS = 1000;

let wasm: Promise<void> | undefined;

/** Draws marks with the fonts that ship with the program, so that the pixels are the same on every machine. */
export class TextRasteriser {
  readonly #fonts: readonly ShippedFont[];
  readonly #texts = new Map<string, SetText>();
  readonly #masks = new Map<string, CoverageMask>();
  #maskBytes = 0;

  private constructor(fonts: readonly ShippedFont[]) {
    this.#fonts = fonts;
  }

  /** Reads the fonts and starts the rasteriser. */
  static async load(folder = fontsFolder()): Promise<TextRasteriser> {
    wasm ??= readFile(resvgWasm()).then((bytes) => initWasm(bytes));
    await wasm;
    const fonts = await Promise.all(
      FILES.map(async ({ family, weight, file }) => {
        const bytes = new Uint8Array(await readFile(join(folder, file)));
        return { family, weight, bytes, covers: fontCoverage(bytes) };
      }),
    );
    return new TextRasteriser(fonts);
  }

  /**
   * The mark's coverage on an upright picture of this size. Colour and opacity play no part.
   * @throws AppError `picture.glyph_missing`.
   */
  mask(mark: MarkSpec, picture: { readonly width: number; readonly height: number }): CoverageMask {
    const { weight, size, position, margin, rotation } = mark;
    const textKey = JSON.stringify([mark.text, mark.font, weight]);
    const key = JSON.stringify([textKey, size, position, margin, rotation, picture.width, picture.height]);
    const known = this.#masks.get(key);
    if (known) return known;
    const text = this.#texts.get(textKey) ?? this.#set(mark);
    this.#texts.set(textKey, text);
    const layout = layoutMark(mark, picture, text.ink);
    const drawn = this.#draw(markSvg(layout, text), text.runs, weight);
    const coverage = new Uint8Array(drawn.length / 4);
    for (let i = 0; i < coverage.length; i++) coverage[i] = drawn[i * 4 + 3]!;
    const mask = { ...layout.box, coverage };
    this.#remember(key, mask);
    return mask;
  }

  #set({ text, font, weight }: MarkSpec): SetText {
    const runs = textRuns(text, font, this.#fonts);
    const options = this.#options(runs, weight);
    const set = setText(runs, weight, (svg) => {
      const measured = new Resvg(svg, options);
      const box = measured.getBBox();
      measured.free();
      return box;
    });
    if (set) return set;
    throw new AppError(
      "invalid_argument",
      "The mark's text has nothing to draw. Give it at least one letter.",
    );
  }

  #draw(svg: string, runs: readonly TextRun[], weight: number): Uint8Array {
    const resvg = new Resvg(svg, this.#options(runs, weight));
    const image = resvg.render();
    const pixels = image.pixels;
    image.free();
    resvg.free();
    return pixels;
  }

  /** Only the fonts that the text needs: each is copied into the rasteriser's memory. */
  #options(runs: readonly TextRun[], weight: number) {
    const families = new Set<string>(runs.map(({ family }) => family));
    const fontBuffers = this.#fonts
      .filter(({ family }) => families.has(family))
      .filter((font, _, needed) => {
        const same = needed.filter(({ family }) => family === font.family);
        return same.length === 1 || font.weight === weight;
      })
      .map(({ bytes }) => bytes);
    return { font: { loadSystemFonts: false, fontBuffers } };
  }

  #remember(key: string, mask: CoverageMask): void {
    if (mask.coverage.length > CACHE_BYTES) return;
    this.#masks.set(key, mask);
    this.#maskBytes += mask.coverage.length;
    for (const [oldest, { coverage }] of this.#masks) {
      if (this.#maskBytes <= CACHE_BYTES) break;
      this.#masks.delete(oldest);
      this.#maskBytes -= coverage.length;
    }
    if (this.#texts.size > MOST_TEXTS) this.#texts.clear();
  }
}
