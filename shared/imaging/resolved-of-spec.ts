import type { Length, ResolvedMark } from "#contracts/mark-operator.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";

/** A text mark as what is drawn: one layer, all lengths in parts of the short side. Pure. */
export function resolvedOfSpec(spec: MarkSpec): ResolvedMark {
  const part = (value: number): Length => ({ value, unit: "short_side" });
  return {
    safeArea: { value: 0, unit: "px" },
    layers: [
      {
        kind: "text",
        value: spec.text,
        font: spec.font,
        weight: spec.weight,
        size: part(spec.size),
        color: spec.color.toLowerCase(),
        opacity: spec.opacity,
        anchor: spec.position,
        marginX: part(spec.margin),
        marginY: part(spec.margin),
        rotation: spec.rotation,
        blend: "normal",
        pattern: null,
        outline: null,
        shadow: null,
      },
    ],
    assets: {},
  };
}
