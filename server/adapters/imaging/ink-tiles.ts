import { boxOnStoredPixels, turnedToStored } from "#imaging/orientation.ts";
import type { InkTile, Overlay } from "#imaging/overlay.ts";
import type { PictureFacts } from "./inspect-picture.ts";
import { CHANNELS, type MarkColors } from "./mark-color.ts";

/** What of a picture decides how a mark lies on it. Width and height as stored. */
export type InkFacts = Pick<PictureFacts, "width" | "height" | "orientation" | "space" | "icc">;

/** A drawn tile's pixels in a picture's space, as upright as they were drawn. */
interface Ink {
  readonly alpha: Uint8Array;
  readonly colors: InkTile["colors"];
}

/** Spaces in which a tile's colours are kept for the next picture. */
const MOST_SPACES = 8;

/** Turns overlays into pictures' own terms. Colours are converted once for all pictures of the same space. */
export class InkWell {
  readonly #colors: MarkColors;
  readonly #known = new WeakMap<Uint8Array, Map<string, Ink>>();

  constructor(colors: MarkColors) {
    this.#colors = colors;
  }

  /**
   * An overlay on the stored pixels of a picture, in its colour space. Tiles that share their drawing share their
   * arrays, which must not be written to.
   */
  async tiles(overlay: Overlay, facts: InkFacts): Promise<InkTile[]> {
    const { orientation, space } = facts;
    const channels = CHANNELS[space];
    const drawings = new Set(overlay.tiles.map(({ rgba }) => rgba));
    const inks = await this.#inks(drawings, facts);
    const turned = new Map<Uint8Array, Ink>();
    return overlay.tiles.map((tile) => {
      let ink = turned.get(tile.rgba);
      if (!ink) {
        const { alpha, colors } = inks.get(tile.rgba)!;
        ink = {
          alpha: turnedToStored(alpha, 1, tile, orientation),
          colors: colors instanceof Uint8Array ? turnedToStored(colors, channels, tile, orientation) : colors,
        };
        turned.set(tile.rgba, ink);
      }
      return { ...boxOnStoredPixels(tile, orientation, facts), channels, blend: tile.blend, ...ink };
    });
  }

  async #inks(drawings: ReadonlySet<Uint8Array>, facts: InkFacts): Promise<Map<Uint8Array, Ink>> {
    const key = this.#colors.keyOf(facts);
    const found = new Map<Uint8Array, Ink>();
    const manyColored: Uint8Array[] = [];
    for (const rgba of drawings) {
      const known = this.#known.get(rgba)?.get(key);
      const flat = known ? null : onlyColor(rgba);
      if (known) found.set(rgba, known);
      else if (flat)
        this.#keep(rgba, key, { alpha: alphaOf(rgba), colors: await this.#colors.one(facts, flat) }, found);
      else manyColored.push(rgba);
    }
    // All at once: the colour engine takes longer to start than to convert.
    const pixels = manyColored.reduce((sum, { length }) => sum + length / 4, 0);
    if (pixels === 0) return found;
    const rgb = new Uint8Array(pixels * 3);
    let at = 0;
    for (const rgba of manyColored)
      for (let i = 0; i < rgba.length; i += 4)
        for (let channel = 0; channel < 3; channel++) rgb[at++] = rgba[i + channel]!;
    const converted = await this.#colors.many(facts, rgb);
    const channels = CHANNELS[facts.space];
    at = 0;
    for (const rgba of manyColored) {
      const end = at + (rgba.length / 4) * channels;
      this.#keep(rgba, key, { alpha: alphaOf(rgba), colors: converted.slice(at, end) }, found);
      at = end;
    }
    return found;
  }

  #keep(rgba: Uint8Array, key: string, ink: Ink, found: Map<Uint8Array, Ink>): void {
    found.set(rgba, ink);
    const spaces = this.#known.get(rgba) ?? new Map<string, Ink>();
    if (spaces.size >= MOST_SPACES) spaces.clear();
    spaces.set(key, ink);
    this.#known.set(rgba, spaces);
  }
}

function alphaOf(rgba: Uint8Array): Uint8Array {
  const alpha = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < alpha.length; i++) alpha[i] = rgba[i * 4 + 3]!;
  return alpha;
}

/** The colour of all that is to be seen; `null`: there are several. */
function onlyColor(rgba: Uint8Array): readonly number[] | null {
  let first = -1;
  for (let at = 0; at < rgba.length; at += 4) {
    if (rgba[at + 3] === 0) continue;
    if (first < 0) first = at;
    else if (rgba[at] !== rgba[first] || rgba[at + 1] !== rgba[first + 1] || rgba[at + 2] !== rgba[first + 2])
      return null;
  }
  return first < 0 ? [0, 0, 0] : [...rgba.subarray(first, first + 3)];
}
