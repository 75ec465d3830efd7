import fc from "fast-check";
import type {
  BlockNode,
  DocumentNode,
  ExpressionNode,
  ItemNode,
  Name,
  TextPart,
  TokenOperator,
} from "../../shared/template/ast.ts";
import { FUNCTIONS } from "../../shared/template/functions.ts";
import type { Comment } from "../../shared/template/lexer.ts";
import { VARIABLES } from "../../shared/template/variables.ts";

/** Templates out of nothing: syntax trees for the printer, and sources that are nearly right. */
const span = { start: 0, end: 0 };
const name = (text: string): Name => ({ text, span });

const settingWord = fc.constantFrom(
  "opacity",
  "anchor",
  "size",
  "margin",
  "colour",
  "level",
  "payload",
  "x1",
);
const expressionWord = fc.oneof(
  fc.constantFrom("bottom_right", "portrait", "none", "true"),
  fc.constantFrom(...Object.keys(VARIABLES)),
);
const digits = fc
  .tuple(fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 999 }))
  .map(([whole, part]) => String(Number(`${whole}.${part}`)));

const literal: fc.Arbitrary<TextPart> = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }),
    fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."$(){}/\\\"'#%-:^,\n\t\u0000©a€😀") }),
    fc.constantFrom("{date}", "$(EXIF.YEAR)", "{fbas", "// no comment"),
  )
  .map((value) => ({ kind: "literal", value, span }));

/** Two literals side by side are one. */
function merged(parts: readonly TextPart[]): readonly TextPart[] {
  const result: TextPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part.kind === "literal" && last?.kind === "literal")
      result[result.length - 1] = { ...last, value: last.value + part.value };
    else result.push(part);
  }
  return result;
}

const { text: parts } = fc.letrec<{ text: readonly TextPart[]; operator: TokenOperator; token: TextPart }>(
  (tie) => ({
    text: fc.array(fc.oneof({ depthSize: "small" }, literal, tie("token")), { maxLength: 4 }).map(merged),
    operator: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("^^", "^", ",,", ",").map((symbol) => ({ symbol }) as TokenOperator),
      fc
        .tuple(fc.integer({ min: -99, max: 99 }), fc.option(fc.integer({ min: -99, max: 99 })))
        .map(([offset, length]) => ({ symbol: ":" as const, offset, length })),
      fc
        .tuple(fc.constantFrom("-", "+", "#", "%"), tie("text"))
        .map(([symbol, text]) => ({ symbol, text }) as TokenOperator),
      fc
        .tuple(fc.constantFrom("//", "/#", "/%", "/"), tie("text"), tie("text"))
        .filter(([symbol, pattern]) => symbol !== "/" || pattern.length > 0)
        .map(([symbol, pattern, replacement]) => ({ symbol, pattern, replacement }) as TokenOperator),
    ),
    token: fc
      .tuple(
        fc.constantFrom(...Object.keys(VARIABLES)),
        fc.option(fc.array(fc.nat({ max: 9999 }), { minLength: 1, maxLength: 2 }), { freq: 4 }),
        fc.option(tie("operator")),
      )
      .map(([variable, index, operator]) => ({
        kind: "token",
        name: name(variable),
        index,
        operator,
        foreign: null,
        span,
      })),
  }),
);

const { expression } = fc.letrec<{ expression: ExpressionNode }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    digits.map((each) => ({ kind: "number", value: Number(each), digits: each, span }) as ExpressionNode),
    fc.tuple(digits, fc.constantFrom("%", "px"), fc.option(fc.constantFrom("width", "short_side"))).map(
      ([each, unit, side]) =>
        ({
          kind: "length",
          value: Number(each),
          digits: each,
          unit,
          side: unit === "%" && side ? name(side) : null,
          span,
        }) as ExpressionNode,
    ),
    fc
      .integer({ min: 0, max: 0xffffff })
      .map(
        (value) =>
          ({ kind: "color", value: `#${value.toString(16).padStart(6, "0")}`, span }) as ExpressionNode,
      ),
    parts.map((each) => ({ kind: "text", parts: each, span }) as ExpressionNode),
    expressionWord.map((each) => ({ kind: "name", name: each, span }) as ExpressionNode),
    fc
      .tuple(
        fc.constantFrom(...Object.keys(FUNCTIONS), "outline"),
        fc.array(fc.record({ name: fc.option(settingWord.map(name)), value: tie("expression") }), {
          maxLength: 3,
        }),
      )
      .map(([each, args]) => ({ kind: "call", name: name(each), args, span }) as ExpressionNode),
    fc
      .tuple(fc.constantFrom("-", "not"), tie("expression"))
      .map(([operator, operand]) => ({ kind: "unary", operator, operand, span }) as ExpressionNode),
    fc
      .tuple(
        fc.constantFrom("or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"),
        tie("expression"),
        tie("expression"),
      )
      .map(([operator, left, right]) => ({ kind: "binary", operator, left, right, span }) as ExpressionNode),
  ),
}));

const comment = (sameLine: boolean): fc.Arbitrary<Comment> =>
  fc
    .string({ maxLength: 10, unit: fc.constantFrom(...'ab/ {}"$=©') })
    .map((text) => ({ text: `//${text}`.trimEnd(), span, sameLine, blankBefore: false }));
const trivia = fc.record({
  leading: fc.array(comment(false), { maxLength: 2 }),
  trailing: fc.option(comment(true), { freq: 3 }),
  blankBefore: fc.boolean(),
});

const { block } = fc.letrec<{ block: BlockNode; item: ItemNode }>((tie) => ({
  block: fc
    .tuple(fc.array(tie("item"), { maxLength: 4 }), fc.array(comment(false), { maxLength: 2 }))
    .map(([items, dangling]) => ({ items, dangling, span })),
  item: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    fc
      .tuple(trivia, settingWord, expression)
      .map(
        ([around, word, value]) =>
          ({ ...around, kind: "setting", name: name(word), value, span }) as ItemNode,
      ),
    fc.tuple(trivia, fc.constantFrom("location", "persistence"), expression).map(
      ([around, word, content]) =>
        ({
          ...around,
          kind: "setting",
          name: name(word),
          value: { kind: "quoted", content, span },
          span,
        }) as ItemNode,
    ),
    fc
      .tuple(trivia, fc.constantFrom("text", "image", "qr"), expression, fc.option(tie("block")))
      .map(
        ([around, layer, value, body]) =>
          ({ ...around, kind: "layer", layer: name(layer), value, body, span }) as ItemNode,
      ),
    fc
      .tuple(
        trivia,
        fc.array(fc.record({ condition: expression, body: tie("block") }), { minLength: 1, maxLength: 3 }),
        fc.option(tie("block")),
      )
      .map(
        ([around, branches, otherwise]) =>
          ({ ...around, kind: "when", branches, otherwise, span }) as ItemNode,
      ),
  ),
}));

/** Syntax trees without errors, of any meaning. Places in them are all 0. */
export const documents: fc.Arbitrary<DocumentNode> = fc
  .tuple(
    fc.array(
      fc.tuple(trivia, parts, block).map(([around, each, body]) => ({
        ...around,
        kind: "template" as const,
        name: { kind: "text" as const, parts: each, span },
        body,
        span,
      })),
      { minLength: 1, maxLength: 2 },
    ),
    fc.array(comment(false), { maxLength: 2 }),
  )
  .map(([templates, dangling]) => ({ kind: "document", templates, dangling, span }));

/** Words and signs of the language in any order. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."{ } ( ) , = + - * / % == != < <= > >= && || ! not and or when else text image qr of template".split(
          " ",
        ),
        "\n",
        "// c\n",
        '"',
        '"a"',
        "'b'",
        '"$(EXIF.YEAR-',
        '"$(CREATOR)"',
        '"{fbas}"',
        "\\",
        "“",
        "#fff",
        "#ff",
        "12%",
        "4px",
        "0.5",
        "1em",
        'template "x" {',
        "opacity = ",
        'location = "text(top, scale=0.1)"',
      ),
      fc.string({ maxLength: 3, unit: "binary" }),
      expressionWord,
    ),
    { maxLength: 120 },
  )
  .map((words) => words.join(" "));

/** A source with a few stretches cut out, doubled or replaced. */
export function damaged(source: string): fc.Arbitrary<string> {
  const cut = fc.tuple(
    fc.nat({ max: source.length }),
    fc.nat({ max: 12 }),
    fc.oneof(
      fc.constant(""),
      tokenSoup.map((soup) => soup.slice(0, 12)),
      fc.constantFrom("{", "}", '"', "(", ")"),
    ),
  );
  return fc
    .array(cut, { minLength: 1, maxLength: 5 })
    .map((cuts) =>
      cuts.reduce(
        (text, [at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length),
        source,
      ),
    );
}
