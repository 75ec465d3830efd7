/** One font file that ships with the program, in `resources/fonts`. All are under the SIL Open Font License 1.1. */
export interface ShippedFont {
  readonly family: string;
  /** CSS weight, 100 to 900. */
  readonly weight: number;
  readonly file: string;
}

/**
 * What a mark may be set in. The order is the one in which a character is looked for when the chosen family lacks it:
 * plain faces first, pictographs last. No Indic ones: the rasteriser places their reordered vowels wrongly.
 */
export const SHIPPED_FONTS = [
  { family: "Inter", weight: 400, file: "Inter_400Regular.ttf" },
  { family: "Inter", weight: 600, file: "Inter_600SemiBold.ttf" },
  { family: "Noto Sans Arabic", weight: 400, file: "NotoSansArabic_400Regular.ttf" },
  { family: "Noto Sans Arabic", weight: 600, file: "NotoSansArabic_600SemiBold.ttf" },
  { family: "Noto Sans Hebrew", weight: 400, file: "NotoSansHebrew_400Regular.ttf" },
  { family: "Noto Sans Hebrew", weight: 600, file: "NotoSansHebrew_600SemiBold.ttf" },
  { family: "Noto Sans Thai", weight: 400, file: "NotoSansThai_400Regular.ttf" },
  { family: "Noto Sans Thai", weight: 600, file: "NotoSansThai_600SemiBold.ttf" },
  { family: "Noto Sans SC", weight: 400, file: "NotoSansSC_400Regular.ttf" },
  { family: "Noto Sans KR", weight: 400, file: "NotoSansKR_400Regular.ttf" },
  { family: "Playfair Display", weight: 400, file: "PlayfairDisplay_400Regular.ttf" },
  { family: "Playfair Display", weight: 600, file: "PlayfairDisplay_600SemiBold.ttf" },
  { family: "Great Vibes", weight: 400, file: "GreatVibes_400Regular.ttf" },
  { family: "Noto Emoji", weight: 400, file: "NotoEmoji_400Regular.ttf" },
] as const satisfies readonly ShippedFont[];
