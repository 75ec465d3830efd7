/** Pieces of SVG. Numbers are written as JavaScript writes them, which is the same text on every machine. */

export function svgDocument(width: number, height: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}">${content}</svg>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const POP = "\u202c";
const LEFT_TO_RIGHT = { override: "\u202d", mark: "\u200e" };
const RIGHT_TO_LEFT = { override: "\u202e", mark: "\u200f" };

/**
 * A run as an element of its own: within one element, the rasteriser sets all of a text in the font that has most of
 * it, and it orders by rules that know the element alone. The override gives it the direction that the whole line has
 * worked out; the mark keeps spaces at its end there.
 */
export function runElement(
  run: { readonly family: string; readonly weight: number; readonly text: string; readonly level: number },
  attributes: string,
): string {
  const { override, mark } = run.level % 2 === 1 ? RIGHT_TO_LEFT : LEFT_TO_RIGHT;
  return `<text xml:space="preserve" font-family="${escapeXml(run.family)}" font-weight="${run.weight}" ${attributes}>${override}${escapeXml(run.text)}${mark}${POP}</text>`;
}
