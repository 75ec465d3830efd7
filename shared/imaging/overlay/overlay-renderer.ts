import type { OperatorAsset, ResolvedLayer, ResolvedMark } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import type { PixelBox } from "../orientation.ts";
import type { Overlay, OverlayTile } from "../overlay.ts";
import { ByteCache } from "./byte-cache.ts";
import { type Cell, cropped, straightCell, withOpacity } from "./cell.ts";
import type { Drawing } from "./drawing.ts";
import { FontLibrary, type LoadedFont } from "./font-library.ts";
import { logoDrawing } from "./logo-drawing.ts";
import { patternCentres } from "./pattern-grid.ts";
import { anchored, horizontalPart, type PictureSize, roomFor, turnedSize, within } from "./place-layer.ts";
import { qrDrawing } from "./qr-drawing.ts";
import type { SvgRasteriser } from "./resvg-rasteriser.ts";
import { type SetText, setText } from "./set-text.ts";
import { textDrawing } from "./text-drawing.ts";

export interface OverlayRendererDeps {
  readonly rasteriser: SvgRasteriser;
  /** In the order in which a character is looked for that the chosen family lacks. */
  readonly fonts: readonly LoadedFont[];
}

export interface OverlayRendererOptions {
  /** Drawn layers and overlays that are kept for the next picture of the same size. @default 48 MiB */
  readonly cacheBytes?: number;
}

const CACHE_BYTES = 48 * 1024 * 1024;
const SET_TEXTS_BYTES = 4 * 1024 * 1024;
/** About what a tile, or a run, takes beside its pixels. */
const RECORD_BYTES = 200;
/** How far a shadow in a pattern may reach, in parts of the picture's short side. */
const MOST_PATTERN_BLEED = 0.25;
/** Logos that are known again. */
const MOST_ASSETS = 16;

/** A cell trimmed to what is covered of it; `left`, `top`: its place in the drawing. */
interface TrimmedCell extends Cell {
  readonly left: number;
  readonly top: number;
}

/**
 * Draws marks: the same mark on a picture of the same size gives the same bytes in every process and page. Where only
 * opacity or place changes, nothing is drawn again. Synchronous and without I/O.
 */
export class OverlayRenderer {
  readonly #rasteriser: SvgRasteriser;
  readonly #library: FontLibrary;
  readonly #texts = new ByteCache<SetText | null>(SET_TEXTS_BYTES);
  readonly #cells: ByteCache<TrimmedCell | null>;
  readonly #overlays: ByteCache<Overlay>;
  readonly #assets = new Map<string, { readonly asset: OperatorAsset; readonly number: number }>();
  #lastAsset = 0;

  constructor({ rasteriser, fonts }: OverlayRendererDeps, options: OverlayRendererOptions = {}) {
    const bytes = options.cacheBytes ?? CACHE_BYTES;
    this.#rasteriser = rasteriser;
    this.#library = new FontLibrary(fonts);
    this.#cells = new ByteCache(bytes / 2);
    this.#overlays = new ByteCache(bytes / 2);
  }

  /** Bytes of what is kept for later. */
  get cachedBytes(): number {
    return this.#texts.bytes + this.#cells.bytes + this.#overlays.bytes;
  }

  /**
   * A mark on an upright picture of this size, as tiles that lie within it. Layers without anything to show (an empty
   * text, opacity 0) give none. Tiles may share their `rgba`, which must not be written to.
   * @throws AppError `picture.glyph_missing`; `invalid_argument` for a mark that cannot be drawn: a logo that is
   *   damaged or missing, a QR code that does not fit, a text of invisible characters, a pattern of too many copies.
   */
  render(mark: ResolvedMark, picture: PictureSize): Overlay {
    const assets = mark.layers.map((layer) =>
      layer.kind === "image" ? this.#assetNumber(layer.asset, mark) : 0,
    );
    const key = JSON.stringify([mark.layers, assets, mark.safeArea, picture.width, picture.height]);
    const draw = () => ({ tiles: mark.layers.flatMap((layer) => this.#tiles(layer, mark, picture)) });
    return this.#overlays.get(key, draw, ({ tiles }) => {
      const arrays = new Set(tiles.map(({ rgba }) => rgba));
      return [...arrays].reduce((sum, { length }) => sum + length, tiles.length * RECORD_BYTES);
    });
  }

  /** Names a logo by its content: what a mark says of its digest may be wrong, and must not draw another's logo. */
  #assetNumber(digest: string, mark: ResolvedMark): number {
    const asset = mark.assets[digest];
    if (!asset)
      throw new AppError("invalid_argument", "The mark's template names a logo that did not come with it.");
    const known = this.#assets.get(digest);
    if (known?.asset.bytes === asset.bytes && known.asset.mediaType === asset.mediaType) return known.number;
    if (this.#assets.size >= MOST_ASSETS) this.#assets.clear();
    this.#lastAsset += 1;
    this.#assets.set(digest, { asset, number: this.#lastAsset });
    return this.#lastAsset;
  }

  #tiles(layer: ResolvedLayer, mark: ResolvedMark, picture: PictureSize): OverlayTile[] {
    if (layer.opacity <= 0) return [];
    const room = layer.pattern ? { left: 0, top: 0, ...picture } : roomFor(layer, mark.safeArea, picture);
    const drawing = this.#drawing(layer, mark, picture, room);
    if (!drawing) return [];
    const rotation = layer.rotation + (layer.pattern?.angle ?? 0);
    const turned = turnedSize(drawing, rotation);
    // Of a single copy only what the picture shows is drawn; a pattern's is drawn whole, and must not outgrow it.
    const most = Math.ceil(Math.min(picture.width, picture.height) * MOST_PATTERN_BLEED) + 1;
    const bleed = layer.pattern ? Math.min(drawing.bleed, most) : drawing.bleed;
    const size = { width: Math.ceil(turned.width) + 2 * bleed, height: Math.ceil(turned.height) + 2 * bleed };
    /** Whole pixels, so that a copy is the same wherever it stands. */
    const boxAt = (left: number, top: number): PixelBox => ({
      left: Math.round(left) - bleed,
      top: Math.round(top) - bleed,
      ...size,
    });
    const cellOf = (window: PixelBox) =>
      this.#cell(drawing, {
        window,
        centerX: bleed + turned.width / 2,
        centerY: bleed + turned.height / 2,
        rotation,
      });
    if (!layer.pattern) {
      const { left, top } = anchored(layer.anchor, turned, room);
      const box = boxAt(left, top);
      const visible = within(box, picture);
      if (!visible) return [];
      const window = { ...visible, left: visible.left - box.left, top: visible.top - box.top };
      return placed([[box.left, box.top]], cellOf(window), layer, picture);
    }
    const corners = patternCentres(layer.pattern, drawing, layer.rotation, picture).map(([x, y]) => {
      const { left, top } = boxAt(x - turned.width / 2, y - turned.height / 2);
      return [left, top] as const;
    });
    return placed(corners, cellOf({ left: 0, top: 0, ...size }), layer, picture);
  }

  /** The layer at its size; `null`: it has nothing to show. */
  #drawing(
    layer: ResolvedLayer,
    mark: ResolvedMark,
    picture: PictureSize,
    room: PictureSize,
  ): Drawing | null {
    const rasteriser = this.#rasteriser;
    if (layer.kind === "image") {
      const number = this.#assetNumber(layer.asset, mark);
      return logoDrawing(layer, mark.assets[layer.asset]!, number, picture, room, rasteriser);
    }
    if (layer.value.trim() === "") return null;
    if (layer.kind === "qr") return qrDrawing(layer, picture, room, rasteriser);
    const { value, font, weight, anchor } = layer;
    const align = !value.includes("\n") ? 0 : layer.pattern ? 0.5 : horizontalPart(anchor);
    const text = { value, font, weight, align };
    const key = JSON.stringify(["text", text]);
    const set = this.#texts.get(
      key,
      () => setText(text, this.#library, rasteriser),
      (made) => (made?.runs.length ?? 0) * RECORD_BYTES,
    );
    if (!set)
      throw new AppError(
        "invalid_argument",
        "The mark's text has nothing to draw. Give it at least one letter.",
      );
    return textDrawing(layer, set, key, picture, room, rasteriser);
  }

  #cell(drawing: Drawing, place: Parameters<Drawing["draw"]>[0]): TrimmedCell | null {
    const key = JSON.stringify([drawing.key, place]);
    return this.#cells.get(
      key,
      () => trimmed(straightCell(drawing.draw(place), drawing.flat), place.window),
      (cell) => (cell ? cell.rgba.length : 0) + RECORD_BYTES,
    );
  }
}

/** Copies of a cell; those at the picture's edge are cut. */
function placed(
  corners: readonly (readonly [left: number, top: number])[],
  cell: TrimmedCell | null,
  { opacity, blend }: ResolvedLayer,
  picture: PictureSize,
): OverlayTile[] {
  if (!cell) return [];
  const seen = withOpacity(cell, opacity);
  return corners.flatMap(([x, y]) => {
    const left = x + cell.left;
    const top = y + cell.top;
    const visible = within({ left, top, width: cell.width, height: cell.height }, picture);
    if (!visible) return [];
    const { rgba } = cropped(seen, { ...visible, left: visible.left - left, top: visible.top - top });
    return [{ ...visible, rgba, blend }];
  });
}

function trimmed(cell: Cell, window: PixelBox): TrimmedCell | null {
  let [left, top, right, bottom] = [cell.width, cell.height, 0, 0];
  for (let row = 0; row < cell.height; row++)
    for (let column = 0; column < cell.width; column++) {
      if (cell.rgba[(row * cell.width + column) * 4 + 3] === 0) continue;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = row + 1;
    }
  if (right <= left) return null;
  const box = { left, top, width: right - left, height: bottom - top };
  return { ...cropped(cell, box), left: window.left + left, top: window.top + top };
}
