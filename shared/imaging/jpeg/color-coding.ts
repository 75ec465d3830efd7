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

/** How a colour of the picture's own space becomes samples: `rows[component] · color + offsets[component]`, 0 to 255. */
export interface ComponentMatrix {
  readonly rows: readonly (readonly number[])[];
  readonly offsets: readonly number[];
}

/** Colours: grey; red, green, blue; or inks, 255 being all of it. Pure. */
export function componentMatrix(coding: ColorCoding): ComponentMatrix {
  switch (coding) {
    case "grey":
      return { rows: [[1]], offsets: [0] };
    case "rgb":
      return { rows: diagonal(3, 1), offsets: [0, 0, 0] };
    case "ycc":
      return { rows: YCC, offsets: [0, 128, 128] };
    case "cmyk":
      return { rows: diagonal(4, -1), offsets: [255, 255, 255, 255] };
    case "ycck":
      return {
        rows: [...YCC.map((row) => [...row, 0]), [0, 0, 0, -1]],
        offsets: [0, 128, 128, 255],
      };
  }
}

/** The other way round: `rows[channel] · (samples - offsets)` is the colour. Pure. */
export function colorMatrix(coding: ColorCoding): readonly (readonly number[])[] {
  switch (coding) {
    case "ycc":
      return RGB;
    case "ycck":
      return [...RGB.map((row) => [...row, 0]), [0, 0, 0, -1]];
    default:
      return componentMatrix(coding).rows;
  }
}

/** Whether numbers count ink, so that blend modes, which are made for light, take them the other way round. */
export function countsInk(coding: ColorCoding): boolean {
  return coding === "cmyk" || coding === "ycck";
}

function diagonal(size: number, value: number): number[][] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => (row === column ? value : 0)),
  );
}

/** ITU-T T.871, 6.2. */
const YCC = [
  [0.299, 0.587, 0.114],
  [-0.299 / 1.772, -0.587 / 1.772, (1 - 0.114) / 1.772],
  [(1 - 0.299) / 1.402, -0.587 / 1.402, -0.114 / 1.402],
];

/** ITU-T T.871, 7. */
const RGB = [
  [1, 0, 1.402],
  [1, (-0.114 * 1.772) / 0.587, (-0.299 * 1.402) / 0.587],
  [1, 1.772, 0],
];
