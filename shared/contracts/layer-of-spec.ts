import type { Length, ResolvedLayer } from "./mark-operator.ts";
import type { MarkSpec } from "./mark-spec.ts";

/** The one layer of a mark that was given by settings or flags. Pure. */
export function layerOfSpec(spec: MarkSpec): Extract<ResolvedLayer, { kind: "text" }> {
  const ofShortSide = (value: number): Length => ({ value, unit: "short_side" });
  return {
    kind: "text",
    value: spec.text,
    anchor: spec.position,
    marginX: ofShortSide(spec.margin),
    marginY: ofShortSide(spec.margin),
    rotation: spec.rotation,
    opacity: spec.opacity,
    blend: "normal",
    pattern: null,
    font: spec.font,
    weight: spec.weight,
    size: ofShortSide(spec.size),
    color: spec.color.toLowerCase(),
    outline: null,
    shadow: null,
  };
}
