import { fontCoverage } from "./font-coverage.ts";
import type { ShippedFont } from "./shipped-fonts.ts";

/** A font file in memory. */
export interface LoadedFont extends ShippedFont {
  readonly bytes: Uint8Array;
}

/** A family of the library, and what it can draw. */
export interface MarkFont {
  readonly family: string;
  covers(codePoint: number): boolean;
}

/** The fonts a renderer draws with, in the order in which a missing character is looked for. Pure. */
export class FontLibrary {
  readonly #fonts: readonly LoadedFont[];
  /** One a family, in order. */
  readonly families: readonly MarkFont[];

  constructor(fonts: readonly LoadedFont[]) {
    this.#fonts = fonts;
    const first = new Map<string, LoadedFont>();
    for (const font of fonts) if (!first.has(font.family)) first.set(font.family, font);
    this.families = [...first.values()].map(({ family, bytes }) => ({ family, covers: fontCoverage(bytes) }));
  }

  /** The family's font whose weight is nearest; of two as near, the lighter one. */
  nearest(family: string, weight: number): LoadedFont | undefined {
    return this.#fonts
      .filter((font) => font.family === family)
      .sort((a, b) => Math.abs(a.weight - weight) - Math.abs(b.weight - weight) || a.weight - b.weight)[0];
  }
}
