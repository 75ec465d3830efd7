import { AppError } from "#kernel/errors.ts";
import type { MarkFont } from "./font-library.ts";
import { embeddingLevels } from "./writing-direction.ts";

/** Neighbouring characters that one font draws in one direction, in the order in which they are read. */
export interface TextRun {
  readonly family: string;
  readonly text: string;
  /** Embedding level (UAX #9): odd ones run from right to left. */
  readonly level: number;
}

/** Marks, joiners, variation selectors and skin tones: they shape the character before them. */
const EXTENDS = /^(?:\p{M}|\u200c|\u200d|\p{Variation_Selector}|\p{Emoji_Modifier})$/u;
const JOINER = "\u200d";
/** Says how its neighbours are to be drawn, and draws nothing itself. */
const INVISIBLE = /^(?:\p{Bidi_Control}|\p{Variation_Selector}|[\u200b-\u200c\u2060-\u2064\ufeff]|\u200d)$/u;
const DIRECTION_MARKS = /\p{Bidi_Control}/gu;
/** Asks for the pictograph instead of the text character. */
const AS_EMOJI = /^\p{Emoji}\ufe0f/u;
/** Scripts whose letters change with their neighbours: each has to be shaped by itself. */
const SHAPED = [/\p{Script=Arabic}/u, /\p{Script=Hebrew}/u, /\p{Script=Thai}/u, /\p{Script=Hangul}/u];
const OWN_SCRIPT = /[\p{L}\p{M}]/u;

/**
 * Splits one line into runs, and puts the runs into the order in which they stand from left to right (UAX #9). Each
 * character is drawn by the preferred family, or else by the first other one that has it and all that belongs to it.
 * White space becomes plain spaces. Pure.
 * @throws AppError `picture.glyph_missing` that names the first character no font has.
 */
export function textRuns(line: string, preferred: string, fonts: readonly MarkFont[]): readonly TextRun[] {
  const text = withoutSaraAm(line.normalize("NFC").trim().replace(/\s+/gu, " "));
  const ordered = [...fonts].sort((a, b) => Number(b.family === preferred) - Number(a.family === preferred));
  const levels = embeddingLevels(text);
  const runs: { family: string; text: string; level: number; script: number }[] = [];
  let at = 0;
  for (const cluster of clusters(text)) {
    const level = levels[at]!;
    at += cluster.length;
    const current = runs.at(-1);
    const neutral = cluster === " " || INVISIBLE.test(cluster);
    const family = neutral && current ? current.family : familyOf(cluster, ordered);
    const script = OWN_SCRIPT.test(cluster)
      ? SHAPED.findIndex((each) => each.test(cluster))
      : current?.level === level
        ? current.script
        : -1;
    if (current?.family === family && current.level === level && current.script === script)
      current.text += cluster;
    else runs.push({ family, text: cluster, level, script });
  }
  return leftToRight(runs)
    .map(({ family, text, level }) => ({ family, text: text.replace(DIRECTION_MARKS, ""), level }))
    .filter(({ text }) => text !== "");
}

/**
 * Thai SARA AM as its two halves, the upper one below a tone mark, as fonts draw it: the rasteriser gives a character
 * that becomes two glyphs the width of one.
 */
function withoutSaraAm(text: string): string {
  return text.replace(/([\u0e48-\u0e4b]?)\u0e33/g, "\u0e4d$1\u0e32");
}

/** A character and what shapes it. */
function clusters(text: string): string[] {
  const found: string[] = [];
  let joins = false;
  for (const character of text) {
    if (found.length > 0 && (joins || EXTENDS.test(character))) found[found.length - 1] += character;
    else found.push(character);
    joins = character === JOINER;
  }
  return found;
}

function familyOf(cluster: string, fonts: readonly MarkFont[]): string {
  const drawn = [...cluster].filter((character) => !INVISIBLE.test(character));
  const order = AS_EMOJI.test(cluster) ? fonts.toReversed() : fonts;
  const all = order.find((font) => drawn.every((character) => font.covers(character.codePointAt(0)!)));
  if (all) return all.family;
  const lost = drawn.find((character) => !fonts.some((font) => font.covers(character.codePointAt(0)!)));
  throw missingGlyph(lost ?? cluster);
}

/** UAX #9, L2: from the highest level down to the lowest odd one, what is at that level or above is turned round. */
function leftToRight<T extends { readonly level: number }>(runs: readonly T[]): readonly T[] {
  const ordered = [...runs];
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level >= 1; level--)
    for (let start = 0; start < ordered.length; start++) {
      let end = start;
      while (end < ordered.length && ordered[end]!.level >= level) end++;
      if (end > start) ordered.splice(start, end - start, ...ordered.slice(start, end).reverse());
      start = end;
    }
  return ordered;
}

function missingGlyph(cluster: string): AppError {
  const characters = [...cluster];
  const name = characters
    .map((character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`)
    .join(" ");
  const shown = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(cluster) ? `“${cluster}” (${name})` : name;
  return new AppError(
    "picture.glyph_missing",
    `The mark's text has the character ${shown}, which none of the fonts can draw. Take it out of the text, or write it another way.`,
    { details: { character: name } },
  );
}
