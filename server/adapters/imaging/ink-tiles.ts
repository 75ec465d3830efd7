import { boxOnStoredPixels, turnedToStored } from "#imaging/orientation.ts";
import type { InkTile, Overlay, OverlayTile } from "#imaging/overlay.ts";
import type { PictureFacts } from "./inspect-picture.ts";
import { CHANNELS, type MarkColors } from "./mark-color.ts";

/** What of a picture decides how a mark lies on it. Width and height as stored. */
export type InkFacts = Pick<PictureFacts, "width" | "height" | "orientation" | "space" | "icc">;

/** A drawn tile's pixels in a picture's space, turned to lie on its stored pixels. */
type Ink = Pick<InkTile, "alpha" | "colors">;

/** Spaces and orientations in which a tile is kept for the next picture. */
const MOST_FORMS = 16;

/** Turns overlays into pictures' own terms. That is done once for all pictures of the same space and orientation. */
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
    const form = `${this.#colors.keyOf(facts)} ${facts.orientation}`;
    const drawings = new Map(overlay.tiles.map((tile) => [tile.rgba, tile]));
    for (const { rgba } of overlay.tiles) if (this.#known.get(rgba)?.has(form)) drawings.delete(rgba);
    await this.#make([...drawings.values()], facts, form);
    const channels = CHANNELS[facts.space];
    return overlay.tiles.map((tile) => ({
      ...boxOnStoredPixels(tile, facts.orientation, facts),
      channels,
      blend: tile.blend,
      ...this.#known.get(tile.rgba)!.get(form)!,
    }));
  }

  async #make(drawings: readonly OverlayTile[], facts: InkFacts, form: string): Promise<void> {
    const manyColored: OverlayTile[] = [];
    for (const tile of drawings) {
      const flat = onlyColor(tile.rgba);
      if (flat) this.#keep(tile, await this.#colors.one(facts, flat), facts, form);
      else manyColored.push(tile);
    }
    // All at once: the colour engine takes longer to start than to convert.
    const pixels = manyColored.reduce((sum, { rgba }) => sum + rgba.length / 4, 0);
    if (pixels === 0) return;
    const rgb = new Uint8Array(pixels * 3);
    let at = 0;
    for (const { rgba } of manyColored)
      for (let i = 0; i < rgba.length; i += 4)
        for (let channel = 0; channel < 3; channel++) rgb[at++] = rgba[i + channel]!;
    const converted = await this.#colors.many(facts, rgb);
    const channels = CHANNELS[facts.space];
    at = 0;
    for (const tile of manyColored) {
      const end = at + (tile.rgba.length / 4) * channels;
      const colors = turnedToStored(converted.slice(at, end), channels, tile, facts.orientation);
      this.#keep(tile, colors, facts, form);
      at = end;
    }
  }

  #keep(tile: OverlayTile, colors: InkTile["colors"], facts: InkFacts, form: string): void {
    const forms = this.#known.get(tile.rgba) ?? new Map<string, Ink>();
    for (const oldest of forms.keys()) if (forms.size >= MOST_FORMS) forms.delete(oldest);
    forms.set(form, { alpha: turnedToStored(alphaOf(tile.rgba), 1, tile, facts.orientation), colors });
    this.#known.set(tile.rgba, forms);
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
