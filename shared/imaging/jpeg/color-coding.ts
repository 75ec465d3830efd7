/** How components carry colours. Inks are stored the other way round, as Adobe does and decoders expect: 255 is none. */
export type ColorCoding = "grey" | "rgb" | "ycc" | "cmyk" | "ycck";

interface AppSegment {
  readonly payload: Uint8Array;
}

const startsWith = (payload: Uint8Array, text: string) =>
  payload.length >= text.length && [...text].every((character, i) => payload[i] === character.charCodeAt(0));

/** As libjpeg decides it (jdapimin.c, default_decompress_parms); `null` where it would guess. Pure. */
export function readColorCoding(
  app0: readonly AppSegment[] | undefined,
  app14: readonly AppSegment[] | undefined,
  components: readonly { readonly id: number }[],
): ColorCoding | null {
  const isJfif = app0?.some(({ payload }) => payload.length >= 14 && startsWith(payload, "JFIF\0")) ?? false;
  const transform = app14?.findLast(({ payload }) => payload.length >= 12 && startsWith(payload, "Adobe"))
    ?.payload[11];
  if (components.length === 1) return "grey";
  if (components.length === 4) {
    if (transform === undefined || transform === 0) return "cmyk";
    return transform === 2 ? "ycck" : null;
  }
  if (isJfif) return "ycc";
  if (transform !== undefined) return transform === 0 ? "rgb" : transform === 1 ? "ycc" : null;
  const ids = components.map(({ id }) => id).join();
  if (ids === "1,2,3") return "ycc";
  return ids === "82,71,66" ? "rgb" : null;
}

/**
 * A colour as samples of the components, 0 to 255.
 * @param color In the picture's own space: grey; red, green, blue; or inks, 255 being all of it.
 */
export function componentSamples(color: readonly number[], coding: ColorCoding): number[] {
  switch (coding) {
    case "grey":
    case "rgb":
      return [...color];
    case "ycc":
      return luminanceAndChrominance(color);
    case "cmyk":
      return color.map((ink) => 255 - ink);
    case "ycck":
      return [...luminanceAndChrominance(color), 255 - color[3]!];
  }
}

/** ITU-T T.871, 6.2. */
function luminanceAndChrominance(color: readonly number[]): number[] {
  const [red, green, blue] = color as [number, number, number];
  const luminance = 0.299 * red + 0.587 * green + 0.114 * blue;
  return [luminance, 128 + (blue - luminance) / 1.772, 128 + (red - luminance) / 1.402];
}
