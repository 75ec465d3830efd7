import type { FontFamily } from "./lower-layer.ts";

/** A list of font files as families with their weights, in the order in which they first come. Pure. */
export function fontFamilies(
  fonts: readonly { readonly family: string; readonly weight: number }[],
): readonly FontFamily[] {
  const weights = new Map<string, number[]>();
  for (const { family, weight } of fonts)
    weights.set(
      family,
      [...(weights.get(family) ?? []), weight].sort((a, b) => a - b),
    );
  return Array.from(weights, ([family, each]) => ({ family, weights: each }));
}
