import { BLEND_MODES, MARK_LEVELS } from "#contracts/mark-operator.ts";
import { ANCHORS } from "#contracts/mark-spec.ts";
import { Findings } from "#template/diagnostic.ts";
import { FUNCTIONS } from "#template/functions.ts";
import { Lexer, type Token } from "#template/lexer.ts";
import { LAYER_SETTINGS } from "#template/lower-layer.ts";
import { TEMPLATE_SETTINGS } from "#template/lower-template.ts";
import { LAYER_KINDS } from "#template/parser.ts";
import { CONSTANTS, VARIABLES } from "#template/variables.ts";

export type WordKind = "keyword" | "setting" | "variable" | "function" | "constant" | "font";

/** One thing that may be written at a place. */
export interface Offer {
  readonly label: string;
  readonly kind: WordKind;
  /** What is written, where that is not the label; `|` is where the cursor goes. */
  readonly insert?: string;
  /** For a person. */
  readonly meaning?: string;
}

export interface Offers {
  /** Where the word begins that they stand for. */
  readonly from: number;
  readonly offers: readonly Offer[];
}

const words = (kind: WordKind, labels: readonly string[]) => labels.map((label): Offer => ({ label, kind }));
const SIDES = ["short_side", "long_side", "width", "height"];
/** What may stand behind `=`, where it is one of a few words. */
const VALUES: Readonly<Record<string, readonly Offer[]>> = {
  anchor: words("constant", ANCHORS),
  blend: words("constant", BLEND_MODES),
  level: words("constant", MARK_LEVELS),
  correction: words("constant", ["L", "M", "Q", "H"]),
  light: words("constant", ["none"]),
  outline: [
    { label: "outline", kind: "function", insert: "outline(#000000, width=0.04|)" },
    { label: "none", kind: "constant" },
  ],
  shadow: [
    { label: "shadow", kind: "function", insert: "shadow(#000000, opacity=0.5|)" },
    { label: "none", kind: "constant" },
  ],
  pattern: [
    { label: "tile", kind: "function", insert: "tile(angle=-30, gap=8%|)" },
    { label: "none", kind: "constant" },
  ],
};
const EXPRESSION: readonly Offer[] = [
  ...Object.values(VARIABLES).map(
    ({ name, meaning, example }): Offer => ({
      label: name,
      kind: "variable",
      meaning: example.trim() === "" ? meaning : `${meaning} (${example})`,
    }),
  ),
  ...Object.values(FUNCTIONS).map(
    ({ name, meaning }): Offer => ({ label: name, kind: "function", insert: `${name}(|)`, meaning }),
  ),
  ...words("constant", [...Object.keys(CONSTANTS), "and", "or", "not"]),
];
const ITEMS: readonly Offer[] = [
  { label: "text", kind: "keyword", insert: 'text "|"' },
  { label: "image", kind: "keyword", insert: 'image "|"' },
  { label: "qr", kind: "keyword", insert: 'qr "|"' },
  { label: "when", kind: "keyword", insert: "when | {\n  }" },
];

/**
 * What may be written at an offset of a template. `null`: nothing is known, or a number or free text is wanted. Pure.
 * @param options.logos image files beside the template.
 */
export function offersAt(
  source: string,
  offset: number,
  options: { readonly families: readonly string[]; readonly logos: readonly string[] },
): Offers | null {
  const before = source.slice(0, offset);
  const token = /\$\(([\w.]*)$/.exec(before);
  if (token) {
    const variables = EXPRESSION.filter(({ kind }) => kind === "variable");
    return { from: offset - token[1]!.length, offers: variables };
  }
  const quoted = /(?:(font)\s*=\s*|\b(image)\s+)("?)([^"\n]*)$/.exec(before);
  if (quoted) {
    const names = quoted[1] ? options.families : options.logos;
    const quote = quoted[3] === "";
    const offers = names.map((label): Offer => {
      return quote ? { label, kind: "font", insert: `"${label}"` } : { label, kind: "font" };
    });
    return { from: offset - quoted[4]!.length, offers };
  }
  const { from, block, last } = placeOf(source, offset);
  const previous = last?.text ?? "";
  if (last?.kind === "broken") return null;
  if (previous === "=") {
    const setting = /(\w+)\s*=\s*\w*$/.exec(before)?.[1] ?? "";
    if (Object.hasOwn(VALUES, setting)) return { from, offers: VALUES[setting]! };
    return setting === "payload" ? { from, offers: EXPRESSION } : null;
  }
  if (previous === "of") return { from, offers: words("constant", SIDES) };
  if (previous === "when" || /^(?:[=!]=|[<>]=?|[-+*/%(,]|and|or|not|qr|text)$/.test(previous))
    return { from, offers: EXPRESSION };
  if (block === null)
    return { from, offers: [{ label: "template", kind: "keyword", insert: 'template "|" {\n}' }] };
  if (Object.hasOwn(LAYER_SETTINGS, block))
    return { from, offers: settings(LAYER_SETTINGS[block as keyof typeof LAYER_SETTINGS]) };
  if (block !== "template") return { from, offers: ITEMS };
  return { from, offers: [...ITEMS, ...settings(TEMPLATE_SETTINGS)] };
}

function settings(names: readonly string[]): readonly Offer[] {
  return names.map((label) => ({ label, kind: "setting", insert: `${label} = |` }));
}

interface Place {
  readonly from: number;
  /** First word of the block that it is in; `null` outside of all. */
  readonly block: string | null;
  /** What stands before the word. */
  readonly last: Token | null;
}

function placeOf(source: string, offset: number): Place {
  const lexer = new Lexer(source, new Findings(), { start: 0, end: offset });
  const blocks: string[] = [];
  let head = "";
  let last: Token | null = null;
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
    if (token.kind === "identifier" && token.span.end === offset)
      return { from: token.span.start, block: blocks.at(-1) ?? null, last };
    if (token.text === "{" && token.kind === "symbol") blocks.push(head);
    else if (token.text === "}" && token.kind === "symbol") blocks.pop();
    else if (token.kind === "identifier" && isHead(token.text)) head = token.text;
    last = token;
  }
  return { from: offset, block: blocks.at(-1) ?? null, last };
}

function isHead(word: string): boolean {
  return (
    word === "template" ||
    word === "when" ||
    word === "else" ||
    (LAYER_KINDS as readonly string[]).includes(word)
  );
}
