/** What a mark may be set in: the fonts in resources/fonts. */
export const MARK_FONTS = [
  { family: "Inter", weight: 400 },
  { family: "Inter", weight: 600 },
  { family: "Noto Sans SC", weight: 400 },
] as const;
