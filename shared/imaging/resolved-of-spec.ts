import { layerOfSpec } from "#contracts/layer-of-spec.ts";
import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";

/** A text mark as what is drawn: one layer, all lengths in parts of the short side. Pure. */
export function resolvedOfSpec(spec: MarkSpec): ResolvedMark {
  return { safeArea: { value: 0, unit: "px" }, layers: [layerOfSpec(spec)], assets: {} };
}
