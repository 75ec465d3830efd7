import type { BlendMode } from "#contracts/mark-operator.ts";

/** The mixed colour of a backdrop and a source, all 0 to 1, where both are opaque. */
export type BlendFunction = (backdrop: number, source: number) => number;

const multiply: BlendFunction = (backdrop, source) => backdrop * source;
const screen: BlendFunction = (backdrop, source) => backdrop + source - backdrop * source;
const hardLight: BlendFunction = (backdrop, source) =>
  source <= 0.5 ? multiply(backdrop, 2 * source) : screen(backdrop, 2 * source - 1);

/** Separable blend modes (W3C Compositing and Blending Level 1, 9.1). */
export const BLEND_FUNCTIONS: Readonly<Record<BlendMode, BlendFunction>> = {
  normal: (_backdrop, source) => source,
  multiply,
  screen,
  overlay: (backdrop, source) => hardLight(source, backdrop),
  soft_light: (backdrop, source) => {
    if (source <= 0.5) return backdrop - (1 - 2 * source) * backdrop * (1 - backdrop);
    const curve = backdrop <= 0.25 ? ((16 * backdrop - 12) * backdrop + 4) * backdrop : Math.sqrt(backdrop);
    return backdrop + (2 * source - 1) * (curve - backdrop);
  },
};
