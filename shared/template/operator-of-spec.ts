import { type Length, type MarkOperator, OPERATOR_VERSION } from "#contracts/mark-operator.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";

/** The operator of a mark that was given by settings or flags: one text layer. Pure. */
export function operatorOfSpec(spec: MarkSpec): MarkOperator {
  const ofShortSide = (value: number): Length => ({ value, unit: "short_side" });
  return {
    operatorVersion: OPERATOR_VERSION,
    name: "settings",
    level: "copyright",
    payload: null,
    safeArea: ofShortSide(0),
    layers: [
      {
        kind: "text",
        when: null,
        value: { kind: "literal", value: spec.text },
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
      },
    ],
    persistence: [],
    assets: {},
  };
}
