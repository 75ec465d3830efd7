import { layerOfSpec } from "#contracts/layer-of-spec.ts";
import { type MarkOperator, OPERATOR_VERSION } from "#contracts/mark-operator.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";

/** The operator of a mark that was given by settings or flags: one text layer. Pure. */
export function operatorOfSpec(spec: MarkSpec): MarkOperator {
  return {
    operatorVersion: OPERATOR_VERSION,
    name: "settings",
    level: "copyright",
    payload: null,
    safeArea: { value: 0, unit: "short_side" },
    layers: [{ ...layerOfSpec(spec), when: null, value: { kind: "literal", value: spec.text } }],
    persistence: [],
    assets: {},
  };
}
