import bidiFactory, { type Bidi } from "bidi-js";

/** The package's CommonJS form, which Node loads, is the factory; its types know the ES module's form only. */
const bidi = (bidiFactory as unknown as () => Bidi)();

/** Pictographs beyond the basic plane, two units each, which the package takes for letters; but they have no direction. */
const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]/gu;
const NEUTRAL = "\u2603";

/** The embedding level of each UTF-16 unit of a line (UAX #9); its first strong character gives its direction. */
export function embeddingLevels(line: string): Uint8Array {
  const units = line.replace(PICTOGRAPH, (character) => NEUTRAL.repeat(character.length));
  return bidi.getEmbeddingLevels(units, "auto").levels;
}
