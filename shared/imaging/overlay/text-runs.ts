import { AppError } from "#kernel/errors.ts";

/** A font family that ships with the program, and what it can draw. */
export interface MarkFont<Family extends string = string> {
  readonly family: Family;
  covers(codePoint: number): boolean;
}

/** Neighbouring characters that one family draws. */
export interface TextRun<Family extends string = string> {
  readonly family: Family;
  readonly text: string;
}

/** Joiners, direction marks and variation selectors: they shape their neighbours and draw nothing. */
const INVISIBLE = /^(?:[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[\ufe00-\ufe0f])$/u;

/**
 * Splits a mark's text into runs: each character from the preferred family, or else from the first other one that has
 * it. White space becomes plain spaces. Pure.
 * @throws AppError `picture.glyph_missing` that names the first character no font has.
 */
export function textRuns<Family extends string>(
  text: string,
  preferred: Family,
  fonts: readonly MarkFont<Family>[],
): readonly TextRun<Family>[] {
  const ordered = [...fonts].sort((a, b) => Number(b.family === preferred) - Number(a.family === preferred));
  const runs: { family: Family; text: string }[] = [];
  for (const character of text.trim().replace(/\s+/gu, " ")) {
    const current = runs.at(-1);
    if (current && (character === " " || INVISIBLE.test(character))) {
      current.text += character;
      continue;
    }
    const family = ordered.find((font) => font.covers(character.codePointAt(0)!))?.family;
    if (family === undefined) throw missingGlyph(character);
    if (current?.family === family) current.text += character;
    else runs.push({ family, text: character });
  }
  return runs;
}

function missingGlyph(character: string): AppError {
  const name = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  const shown = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character) ? `“${character}” (${name})` : name;
  return new AppError(
    "picture.glyph_missing",
    `The mark's text has the character ${shown}, which none of the fonts can draw. Take it out of the text, or write it another way.`,
    { details: { character: name } },
  );
}
