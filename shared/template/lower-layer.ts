import { BLEND_MODES, type Expression, type Layer, type Length } from "#contracts/mark-operator.ts";
import { ANCHORS } from "#contracts/mark-spec.ts";
import { excerpt } from "./lexer.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import { LENGTH_RANGES, listOf, type ValueReader } from "./value-reader.ts";

/** A family that can be drawn, and its weights. */
export interface FontFamily {
  readonly family: string;
  readonly weights: readonly number[];
}

const COMMON = [
  "anchor",
  "margin",
  "margin_x",
  "margin_y",
  "rotation",
  "opacity",
  "blend",
  "pattern",
] as const;
/** The settings that each kind of layer has. */
export const LAYER_SETTINGS = {
  text: [...COMMON, "font", "weight", "size", "color", "outline", "shadow"],
  image: [...COMMON, "width"],
  qr: [...COMMON, "size", "dark", "light", "correction", "quiet"],
} as const;

const DEFAULT_WEIGHT = 600;
const ROTATION = { from: -360, to: 360 };
const PART = { from: 0, to: 1 };

const shortSide = (value: number): Length => ({ value, unit: "short_side" });
/** How a layer's lengths are written: with units in settings, as parts of the short side in a location. */
type Bare = "refused" | "parts";

type LayerBase = Omit<Extract<Layer, { kind: "image" }>, "kind" | "asset" | "width" | "when">;

function base(reader: ValueReader, opacity: number, bare: Bare): LayerBase {
  const margin = reader.length("margin", LENGTH_RANGES.distance, shortSide(0.03), bare);
  return {
    anchor: reader.word("anchor", ANCHORS, "bottom_right"),
    marginX: reader.length("margin_x", LENGTH_RANGES.distance, margin, bare),
    marginY: reader.length("margin_y", LENGTH_RANGES.distance, margin, bare),
    rotation: reader.number("rotation", ROTATION, 0),
    opacity: reader.number("opacity", PART, opacity),
    blend: reader.word("blend", BLEND_MODES, "normal", "blend mode"),
    pattern: pattern(reader),
  };
}

function pattern(reader: ValueReader): LayerBase["pattern"] {
  const tile = reader.call("pattern", { tile: ["angle", "gap", "gap_x", "gap_y", "stagger"] });
  if (tile === null) return null;
  const gap = tile.length("gap", LENGTH_RANGES.gap, shortSide(0.08));
  return {
    angle: tile.number("angle", ROTATION, 0),
    gapX: tile.length("gap_x", LENGTH_RANGES.gap, gap),
    gapY: tile.length("gap_y", LENGTH_RANGES.gap, gap),
    stagger: tile.flag("stagger", true),
  };
}

export function textLayer(
  reader: ValueReader,
  value: Expression,
  when: Expression | null,
  fonts: readonly FontFamily[],
  bare: Bare = "refused",
): Layer {
  const { family, weight } = fontOf(reader, fonts);
  return {
    kind: "text",
    when,
    value,
    ...base(reader, 0.5, bare),
    font: family,
    weight,
    size: reader.length(bare === "parts" ? "scale" : "size", LENGTH_RANGES.size, shortSide(0.05), bare),
    color: reader.color("color", "#ffffff"),
    outline: outline(reader),
    shadow: shadow(reader),
  };
}

function outline(reader: ValueReader): Extract<Layer, { kind: "text" }>["outline"] {
  const call = reader.call("outline", { outline: ["color", "width"] });
  if (call === null) return null;
  return { color: call.color("color", "#000000"), width: call.number("width", { from: 0, to: 0.5 }, 0.04) };
}

function shadow(reader: ValueReader): Extract<Layer, { kind: "text" }>["shadow"] {
  const call = reader.call("shadow", { shadow: ["color", "opacity", "dx", "dy", "blur"] });
  if (call === null) return null;
  return {
    color: call.color("color", "#000000"),
    opacity: call.number("opacity", PART, 0.5),
    dx: call.number("dx", { from: -1, to: 1 }, 0.04),
    dy: call.number("dy", { from: -1, to: 1 }, 0.04),
    blur: call.number("blur", PART, 0.05),
  };
}

/** The family that is named, or the first; without a weight the one of the family that is nearest to the default. */
function fontOf(
  reader: ValueReader,
  fonts: readonly FontFamily[],
): { readonly family: string; readonly weight: number } {
  const named = reader.plainText("font");
  const family = named ? fonts.find((each) => each.family === named.text) : fonts[0];
  if (named && !family) {
    const near = nearestName(
      named.text,
      fonts.map((each) => each.family),
    );
    reader.report(
      "font.unknown",
      named.span,
      `There is no font \`${excerpt(named.text)}\`${didYouMean(near) || `. There are ${listOf(fonts.map((each) => each.family))}.`}`,
      near && `"${near}"`,
    );
  }
  const weights = family?.weights ?? [];
  const node = reader.node("weight");
  const weight = reader.number(
    "weight",
    { from: 100, to: 900, whole: true },
    nearest(weights, DEFAULT_WEIGHT),
  );
  if (node && family && !weights.includes(weight)) {
    const near = String(nearest(weights, weight));
    reader.report(
      "font.weight",
      node.span,
      `\`${family.family}\` has no weight ${weight}${didYouMean(near)}`,
      near,
    );
  }
  return { family: family?.family ?? "Inter", weight };
}

function nearest(weights: readonly number[], wanted: number): number {
  return weights.reduce(
    (best, weight) => (Math.abs(weight - wanted) < Math.abs(best - wanted) ? weight : best),
    weights[0] ?? wanted,
  );
}

/** @param asset the file's name; its hash takes the place once it has been read. */
export function imageLayer(reader: ValueReader, asset: string, when: Expression | null): Layer {
  return {
    kind: "image",
    when,
    ...base(reader, 1, "refused"),
    asset,
    width: reader.length("width", LENGTH_RANGES.size, shortSide(0.15)),
  };
}

export function qrLayer(
  reader: ValueReader,
  value: Expression,
  when: Expression | null,
  bare: Bare = "refused",
): Layer {
  const light = reader.node("light");
  const clear = light?.kind === "name" && light.name === "none";
  return {
    kind: "qr",
    when,
    value,
    ...base(reader, 1, bare),
    size: reader.length(bare === "parts" ? "scale" : "size", LENGTH_RANGES.size, shortSide(0.12), bare),
    dark: reader.color("dark", "#000000"),
    light: clear ? null : reader.color("light", "#ffffff"),
    correction: reader.word("correction", ["L", "M", "Q", "H"], "M", "error correction level"),
    quiet: reader.number("quiet", { from: 0, to: 16, whole: true }, 4),
  };
}
