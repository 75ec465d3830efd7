import type { BlendMode, Length, ResolvedLayer, ResolvedMark } from "#contracts/mark-operator.ts";
import type { OverlayTile } from "../overlay.ts";
import type { Cell } from "./cell.ts";
import type { OverlayRenderer } from "./overlay-renderer.ts";
import type { PictureSize } from "./place-layer.ts";

/** A drawn copy whose opacity has not been applied, so that it stays the same while only that changes. */
export interface OpaqueTile {
  readonly left: number;
  readonly top: number;
  readonly cell: Cell;
  /** 0 to 1. */
  readonly opacity: number;
  readonly blend: BlendMode;
}

const NO_MARGINS = {
  marginX: { value: 0, unit: "px" },
  marginY: { value: 0, unit: "px" },
} as const;

/** Pixels of a picture that is shown smaller. Pure. */
export function scaledSize({ width, height }: PictureSize, scale: number): PictureSize {
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/**
 * A mark on a picture that is shown at `scale`, above 0 to 1. At 1 it has the pixels of the final. Else texts, logos
 * and patterns are drawn for the smaller picture, and QR codes, whose modules are whole pixels, are drawn in full and
 * then shrunk. Tiles may reach over the picture's edges by the rounding of a shrunk one.
 * @throws AppError as `OverlayRenderer.render`.
 */
export function scaledOverlay(
  renderer: Pick<OverlayRenderer, "render">,
  mark: ResolvedMark,
  picture: PictureSize,
  scale: number,
): readonly OpaqueTile[] {
  const small = scaledSize(picture, scale);
  const length = ({ value, unit }: Length): Length => ({
    value: unit === "px" ? value * scale : value,
    unit,
  });
  return mark.layers.flatMap((layer) => {
    if (layer.opacity <= 0) return [];
    const { opacity } = layer;
    // A pattern has no use for margins; without them it is the same drawing whatever they are.
    const opaque = { ...layer, opacity: 1, ...(layer.pattern && NO_MARGINS) };
    const whole = scale === 1 || layer.kind === "qr";
    const own = whole
      ? { ...mark, layers: [opaque] }
      : { ...mark, safeArea: length(mark.safeArea), layers: [scaledLayer(opaque, length)] };
    const { tiles } = renderer.render(own, whole ? picture : small);
    return tiles.map((tile) => ({
      ...(whole && scale !== 1
        ? shrunk(tile, scale)
        : { left: tile.left, top: tile.top, cell: cellOf(tile) }),
      opacity,
      blend: tile.blend,
    }));
  });
}

function scaledLayer(layer: ResolvedLayer, length: (value: Length) => Length): ResolvedLayer {
  const { marginX, marginY, pattern } = layer;
  const common = {
    marginX: length(marginX),
    marginY: length(marginY),
    pattern: pattern && { ...pattern, gapX: length(pattern.gapX), gapY: length(pattern.gapY) },
  };
  return layer.kind === "image"
    ? { ...layer, ...common, width: length(layer.width) }
    : { ...layer, ...common, size: length(layer.size) };
}

/** One cell for each drawing, so that it can be told by identity. */
const cells = new WeakMap<Uint8Array, Cell>();
const shrunkCells = new WeakMap<Uint8Array, Map<string, Cell>>();

function cellOf({ width, height, rgba }: OverlayTile): Cell {
  let cell = cells.get(rgba);
  if (!cell) {
    cell = { width, height, rgba };
    cells.set(rgba, cell);
  }
  return cell;
}

/** A tile's place and pixels at a smaller scale, rounded to whole pixels; each is the mean of what it covers. */
function shrunk(tile: OverlayTile, scale: number): Pick<OpaqueTile, "left" | "top" | "cell"> {
  const { width, height } = scaledSize(tile, scale);
  const key = `${width} ${height}`;
  const known = shrunkCells.get(tile.rgba) ?? new Map<string, Cell>();
  let cell = known.get(key);
  if (!cell) {
    cell = { width, height, rgba: shrunkPixels(tile, width, height) };
    known.set(key, cell);
    shrunkCells.set(tile.rgba, known);
  }
  return { left: Math.round(tile.left * scale), top: Math.round(tile.top * scale), cell };
}

function shrunkPixels(tile: OverlayTile, width: number, height: number): Uint8Array {
  const sums = new Float64Array(width * height * 4);
  const areas = new Float64Array(width * height);
  for (let row = 0; row < tile.height; row++)
    for (let column = 0; column < tile.width; column++) {
      const from = (row * tile.width + column) * 4;
      const alpha = tile.rgba[from + 3]!;
      for (const [y, part] of parts(row, tile.height, height))
        for (const [x, share] of parts(column, tile.width, width)) {
          const to = y * width + x;
          const weight = part * share;
          areas[to]! += weight;
          for (let i = 0; i < 3; i++) sums[to * 4 + i]! += tile.rgba[from + i]! * alpha * weight;
          sums[to * 4 + 3]! += alpha * weight;
        }
    }
  const rgba = new Uint8Array(width * height * 4);
  for (let to = 0; to < areas.length; to++) {
    const alpha = sums[to * 4 + 3]!;
    if (alpha === 0) continue;
    for (let i = 0; i < 3; i++) rgba[to * 4 + i] = Math.round(sums[to * 4 + i]! / alpha);
    rgba[to * 4 + 3] = Math.round(alpha / areas[to]!);
  }
  return rgba;
}

/** The one or two pixels of the smaller line that a pixel of the larger lies in, and how much of it in each. */
function parts(at: number, length: number, smaller: number): readonly (readonly [number, number])[] {
  const start = (at * smaller) / length;
  const end = ((at + 1) * smaller) / length;
  const first = Math.min(smaller - 1, Math.floor(start));
  if (end <= first + 1 || first + 1 >= smaller) return [[first, end - start]];
  return [
    [first, first + 1 - start],
    [first + 1, end - first - 1],
  ];
}
