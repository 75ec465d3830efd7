import {
  type Expression,
  type Layer,
  type MarkOperator,
  OPERATOR_VERSION,
} from "#contracts/mark-operator.ts";
import { assetNameProblem } from "./asset-name.ts";
import type { BlockNode, DocumentNode, LayerNode, SettingNode, TemplateNode, WhenNode } from "./ast.ts";
import type { Findings } from "./diagnostic.ts";
import { type Payload, readLevel } from "./level.ts";
import { excerpt } from "./lexer.ts";
import { readLocation } from "./location.ts";
import { ExpressionLowering } from "./lower-expression.ts";
import { type FontFamily, imageLayer, LAYER_SETTINGS, qrLayer, textLayer } from "./lower-layer.ts";
import { didYouMean, nearestName } from "./nearest-name.ts";
import { readPersistence } from "./persistence.ts";
import type { Span } from "./position.ts";
import { LENGTH_RANGES, listOf, type NamedValue, plainTextOf, ValueReader } from "./value-reader.ts";

export const MOST_LAYERS = 32;
const LONGEST_NAME = 100;
/** Literals, variables, operators and calls of an operator. */
const MOST_PARTS = 10_000;
export const TEMPLATE_SETTINGS = ["level", "payload", "safe_area", "location", "persistence"] as const;
/** What other programs call a setting. */
const SYNONYMS: Readonly<Record<string, string>> = {
  position: "anchor",
  gravity: "anchor",
  alpha: "opacity",
  transparency: "opacity",
  angle: "rotation",
  rotate: "rotation",
  mode: "blend",
  scale: "size",
  fontsize: "size",
  font_size: "size",
  font_family: "font",
  bold: "weight",
  fill: "color",
  stroke: "outline",
  tile: "pattern",
  repeat: "pattern",
};
/** A file that a template wants, and where it says so. */
export interface AssetUse {
  readonly name: string;
  readonly span: Span;
}

/** An operator whose image layers still name their files. */
export interface Draft {
  readonly operator: MarkOperator;
  readonly assets: readonly AssetUse[];
}

/** Checks what a tree means, and makes the operator of it. `null`: there is no template in it. */
export function lowerTemplate(
  source: string,
  document: DocumentNode,
  fonts: readonly FontFamily[],
  findings: Findings,
): Draft | null {
  const [template, second] = document.templates;
  if (second)
    findings.report({
      code: "template.several",
      span: second.name.span,
      message: "A file holds one template. Put this one into a file of its own.",
    });
  if (!template) {
    if (findings.errors === 0)
      findings.report({
        code: "template.missing",
        span: { start: 0, end: 0 },
        message: 'There is no template here. It begins with `template "name" {`.',
      });
    return null;
  }
  return new TemplateLowering(source, fonts, findings).template(template);
}

class TemplateLowering {
  readonly #source: string;
  readonly #fonts: readonly FontFamily[];
  readonly #findings: Findings;
  readonly #expressions: ExpressionLowering;
  readonly #layers: Layer[] = [];
  readonly #assets: AssetUse[] = [];
  #layerCount = 0;

  constructor(source: string, fonts: readonly FontFamily[], findings: Findings) {
    this.#source = source;
    this.#fonts = fonts;
    this.#findings = findings;
    this.#expressions = new ExpressionLowering(findings);
  }

  template(template: TemplateNode): Draft {
    const name = this.#name(template);
    const reader = this.#reader(template.body, TEMPLATE_SETTINGS, "template");
    const payload = this.#payload(reader);
    this.#items(template.body, null);
    const location = readLocation(reader, this.#fonts, this.#expressions);
    if (location) this.#add(location.layer, location.span);
    const uses = this.#expressions.payloadUses;
    if (uses[0] && payload.expression === null)
      this.#findings.report({
        code: "setting.missing",
        span: uses[0],
        message: "The template has no `payload` to draw.",
      });
    if (this.#layerCount === 0 && !reader.values.has("location"))
      this.#findings.report({
        code: "template.empty",
        span: template.name.span,
        message: 'The template draws nothing. Give it a layer, like `text "© Studio"`.',
      });
    const operator: MarkOperator = {
      operatorVersion: OPERATOR_VERSION,
      name,
      level: readLevel(reader, payload),
      payload: payload.expression,
      safeArea: reader.length("safe_area", LENGTH_RANGES.distance, { value: 0, unit: "short_side" }),
      layers: this.#layers,
      persistence: readPersistence(reader),
      assets: {},
    };
    if (isTooLarge(operator))
      this.#findings.report({
        code: "source.too_large",
        span: template.name.span,
        message: "The template says too much: its conditions and texts unfold to more than fits a job.",
      });
    return { operator, assets: this.#assets };
  }

  #name({ name }: TemplateNode): string {
    if (name.kind === "error") return "template";
    const text = plainTextOf(name)?.trim();
    if (text !== undefined && text !== "" && text.length <= LONGEST_NAME) return text;
    this.#findings.report({
      code: "template.name",
      span: name.span,
      message: `A template's name is a plain text of 1 to ${LONGEST_NAME} characters.`,
    });
    return "template";
  }

  /** The settings of a block by name; unknown, misplaced and doubled ones are reported. */
  #reader(block: BlockNode | null, allowed: readonly string[], owner: string): ValueReader {
    const values = new Map<string, NamedValue>();
    for (const item of block?.items ?? []) {
      if (item.kind !== "setting") continue;
      const { text, span } = item.name;
      if (!allowed.includes(text)) this.#unknownSetting(item, allowed, owner);
      else if (values.has(text))
        this.#findings.report({ code: "setting.duplicate", span, message: `\`${text}\` is set twice.` });
      else values.set(text, item);
    }
    return new ValueReader(this.#source, this.#findings, values);
  }

  #unknownSetting({ name: { text, span } }: SettingNode, allowed: readonly string[], owner: string): void {
    const places = Object.entries({ ...LAYER_SETTINGS, template: TEMPLATE_SETTINGS }).filter(([, names]) =>
      (names as readonly string[]).includes(text),
    );
    const where = places.map(([place]) =>
      place === "template" ? "the template itself" : `a \`${place}\` layer`,
    );
    const synonym = Object.hasOwn(SYNONYMS, text) ? SYNONYMS[text] : undefined;
    const near =
      places.length > 0
        ? undefined
        : (allowed.find((each) => each === synonym) ?? nearestName(text, allowed));
    this.#findings.report({
      code: places.length > 0 ? "setting.misplaced" : "setting.unknown",
      span,
      message:
        places.length > 0
          ? `\`${text}\` belongs to ${where.join(" or ")}.`
          : `Unknown setting \`${excerpt(text)}\`${didYouMean(near) || `. ${owner === "template" ? "A template" : `A \`${owner}\` layer`} has ${listOf(allowed)}.`}`,
      suggestion: near,
    });
  }

  #payload(reader: ValueReader): Payload {
    const node = reader.node("payload");
    if (!node) return { expression: null, groups: new Set(), span: null };
    const lowering = new ExpressionLowering(this.#findings);
    const expression = lowering.text(node);
    for (const span of lowering.payloadUses)
      this.#findings.report({
        code: "variable.cycle",
        span,
        message: "The payload cannot be made of itself.",
      });
    return { expression, groups: lowering.groups, span: node.span };
  }

  #items(block: BlockNode, when: Expression | null): void {
    for (const item of block.items) {
      if (item.kind === "layer") this.#layer(item, when);
      else if (item.kind === "when") this.#rule(item, when);
      else if (item.kind === "setting" && when !== null)
        this.#findings.report({
          code: "setting.misplaced",
          span: item.name.span,
          message: "A rule holds layers and rules. Settings stand in the template or in a layer.",
        });
    }
  }

  #rule(rule: WhenNode, when: Expression | null): void {
    let others = when;
    for (const { condition, body } of rule.branches) {
      const own = this.#expressions.condition(condition);
      this.#items(body, both(others, own));
      others = both(others, { kind: "not", operand: own });
    }
    if (rule.otherwise) this.#items(rule.otherwise, others);
  }

  #layer(node: LayerNode, when: Expression | null): void {
    const kind = node.layer.text as keyof typeof LAYER_SETTINGS;
    const reader = this.#reader(node.body, LAYER_SETTINGS[kind], kind);
    for (const item of node.body?.items ?? [])
      if (item.kind === "layer" || item.kind === "when")
        this.#findings.report({
          code: "layer.misplaced",
          span:
            item.kind === "layer" ? item.layer.span : { start: item.span.start, end: item.span.start + 4 },
          message: "A layer holds settings only. Layers and rules stand beside each other.",
        });
    if (kind === "image") this.#image(node, reader, when);
    else if (kind === "text")
      this.#add(textLayer(reader, this.#expressions.text(node.value), when, this.#fonts), node.layer.span);
    else this.#add(qrLayer(reader, this.#expressions.text(node.value), when), node.layer.span);
  }

  #image(node: LayerNode, reader: ValueReader, when: Expression | null): void {
    const name = plainTextOf(node.value);
    const span = node.value.span;
    if (name === undefined) {
      if (node.value.kind !== "error")
        this.#findings.report({
          code: "value.not_constant",
          span,
          message: 'An image is named by a plain text, like `image "logo.svg"`.',
        });
    } else {
      const problem = assetNameProblem(name);
      if (problem) this.#findings.report({ code: "asset.name", span, message: problem });
      else this.#assets.push({ name, span });
    }
    this.#add(imageLayer(reader, name ?? "", when), node.layer.span);
  }

  #add(layer: Layer, span: Span): void {
    this.#layerCount++;
    if (this.#layerCount <= MOST_LAYERS) this.#layers.push(layer);
    else if (this.#layerCount === MOST_LAYERS + 1)
      this.#findings.report({
        code: "template.too_many_layers",
        span,
        message: `A template has ${MOST_LAYERS} layers at most.`,
      });
  }
}

function both(a: Expression | null, b: Expression): Expression {
  return a === null ? b : { kind: "binary", operator: "and", left: a, right: b };
}

/** Conditions come once for each layer that they hold for: little text can unfold to much. */
function isTooLarge({ payload, layers }: MarkOperator): boolean {
  const waiting: (Expression | null)[] = [payload];
  for (const layer of layers) waiting.push(layer.when, layer.kind === "image" ? null : layer.value);
  let parts = 0;
  for (let next = waiting.pop(); next !== undefined && parts <= MOST_PARTS; next = waiting.pop()) {
    if (next === null) continue;
    parts++;
    if (next.kind === "binary") waiting.push(next.left, next.right);
    else if (next.kind === "not") waiting.push(next.operand);
    else if (next.kind === "call") for (const argument of next.args) waiting.push(argument);
    else if (next.kind === "text") for (const part of next.parts) waiting.push(part);
  }
  return parts > MOST_PARTS;
}
