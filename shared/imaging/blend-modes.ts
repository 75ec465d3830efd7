import type { BlendMode } from "#contracts/mark-operator.ts";

/**
 * W3C Compositing and Blending Level 1, 9.1: the colour that a source makes of an opaque backdrop, channel by channel,
 * before the source's alpha is applied. All from 0 to 1, in an additive space. Pure.
 */
export function blendChannel(mode: BlendMode, backdrop: number, source: number): number {
  switch (mode) {
    case "normal":
      return source;
    case "multiply":
      return backdrop * source;
    case "screen":
      return backdrop + source - backdrop * source;
    case "overlay":
      return backdrop <= 0.5 ? 2 * backdrop * source : 1 - 2 * (1 - backdrop) * (1 - source);
    case "soft_light": {
      if (source <= 0.5) return backdrop - (1 - 2 * source) * backdrop * (1 - backdrop);
      const curve = backdrop <= 0.25 ? ((16 * backdrop - 12) * backdrop + 4) * backdrop : Math.sqrt(backdrop);
      return backdrop + (2 * source - 1) * (curve - backdrop);
    }
  }
}
