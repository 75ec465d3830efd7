import type { DocumentNode, ExpressionNode, ItemNode, LayerNode, SettingNode } from "#template/ast.ts";
import { LOCATIONS } from "#template/location.ts";

/** What the controls beside a template's text change. */
export const CONTROLS = ["text", "font", "size", "color", "opacity", "anchor", "margin", "rotation"] as const;
export type Control = (typeof CONTROLS)[number];

type LayerKind = "text" | "image" | "qr";
type CallNode = Extract<ExpressionNode, { kind: "call" }>;

/** A layer of a template: a block of settings, or the call in `location`, whose text is the payload. */
export type EditableLayer = {
  readonly kind: LayerKind;
  /** Where it stands in the source. */
  readonly start: number;
  readonly end: number;
  /** The text that it shows, where that is written out. */
  readonly content: ExpressionNode | null;
} & (
  | { readonly style: "settings"; readonly node: LayerNode }
  | { readonly style: "location"; readonly node: CallNode }
);

/** All layers of the first template, those within rules included, in their order. Pure. */
export function editableLayers(document: DocumentNode): readonly EditableLayer[] {
  const [template] = document.templates;
  if (!template) return [];
  const settings = template.body.items.filter((item) => item.kind === "setting");
  const payload = settings.find(({ name }) => name.text === "payload")?.value ?? null;
  const layers = layersOf(template.body.items, payload);
  const location = settings.find(({ name }) => name.text === "location")?.value;
  const call = location?.kind === "quoted" ? location.content : location;
  if (call?.kind !== "call" || !Object.hasOwn(LOCATIONS, call.name.text)) return layers;
  const kind = call.name.text === "text" ? "text" : "qr";
  const { start, end } = call.span;
  return [...layers, { style: "location", kind, start, end, content: payload, node: call }];
}

function layersOf(items: readonly ItemNode[], payload: ExpressionNode | null): readonly EditableLayer[] {
  return items.flatMap((item): readonly EditableLayer[] => {
    if (item.kind === "when")
      return [...item.branches.map(({ body }) => body), item.otherwise].flatMap((body) =>
        body ? layersOf(body.items, payload) : [],
      );
    if (item.kind !== "layer") return [];
    const kind = item.layer.text as LayerKind;
    const { value, span } = item;
    const content = value.kind === "name" && value.name === "payload" ? payload : value;
    return [{ style: "settings", kind, ...span, content, node: item }];
  });
}

/** Which controls a kind of layer has. Pure. */
export function controlsOf(kind: LayerKind): readonly Control[] {
  if (kind === "image") return CONTROLS.filter((each) => !["text", "font", "color"].includes(each));
  return kind === "qr" ? CONTROLS.filter((each) => each !== "font") : CONTROLS;
}

/** How the setting behind a control is called. Pure. */
export function settingName(layer: EditableLayer, control: Control): string {
  if (control === "size") {
    if (layer.style === "location") return "scale";
    return layer.kind === "image" ? "width" : "size";
  }
  return control === "color" && layer.kind === "qr" ? "dark" : control;
}

/** The value as it is written; `null` where it is not. Pure. */
export function writtenValue(layer: EditableLayer, control: Control): ExpressionNode | null {
  if (control === "text") return layer.content;
  const name = settingName(layer, control);
  if (layer.style === "settings") return settingOf(layer.node, name)?.value ?? null;
  const order: readonly string[] = LOCATIONS[layer.node.name.text as keyof typeof LOCATIONS];
  const argument = layer.node.args.find((each, i) => (each.name ? each.name.text : order[i]) === name);
  return argument?.value ?? null;
}

function settingOf({ body }: LayerNode, name: string): SettingNode | undefined {
  return body?.items.find((item): item is SettingNode => item.kind === "setting" && item.name.text === name);
}

/** A control's value: what is written, what holds where nothing is, or nothing where it is no plain value. */
export interface ControlValue<T> {
  /** `null`: written as something that only the text can change. */
  readonly value: T | null;
  readonly isWritten: boolean;
}

export interface ShownLength {
  readonly amount: number;
  readonly unit: "%" | "px";
  /** Which side percentages count from; `short_side` where it is not said. */
  readonly side: string;
}

function shown<T>(
  node: ExpressionNode | null,
  instead: T,
  read: (node: ExpressionNode) => T | null,
): ControlValue<T> {
  if (node === null) return { value: instead, isWritten: false };
  return { value: read(node), isWritten: true };
}

const DEFAULT_SIZE: Readonly<Record<LayerKind, number>> = { text: 5, image: 15, qr: 12 };

/** Percent or pixels. Pure. */
export function lengthValue(layer: EditableLayer, control: "size" | "margin"): ControlValue<ShownLength> {
  const amount = control === "margin" ? 3 : DEFAULT_SIZE[layer.kind];
  const instead = { amount, unit: "%" as const, side: "short_side" };
  return shown(writtenValue(layer, control), instead, (node) => {
    if (node.kind === "length")
      return { amount: node.value, unit: node.unit, side: node.side?.text ?? "short_side" };
    // In a location, plain numbers are parts of the short side.
    if (node.kind === "number" && layer.style === "location")
      return { ...instead, amount: rounded(node.value * 100) };
    return null;
  });
}

export function numberValue(layer: EditableLayer, control: "opacity" | "rotation"): ControlValue<number> {
  const instead = control === "rotation" ? 0 : layer.kind === "text" ? 0.5 : 1;
  return shown(writtenValue(layer, control), instead, (node) => {
    if (node.kind === "number") return node.value;
    const isNegative = node.kind === "unary" && node.operator === "-" && node.operand.kind === "number";
    return isNegative ? -(node.operand as Extract<ExpressionNode, { kind: "number" }>).value : null;
  });
}

export function wordValue(layer: EditableLayer, control: "anchor"): ControlValue<string> {
  return shown(writtenValue(layer, control), "bottom_right", (node) =>
    node.kind === "name" ? node.name : null,
  );
}

export function colorValue(layer: EditableLayer): ControlValue<string> {
  return shown(writtenValue(layer, "color"), layer.kind === "qr" ? "#000000" : "#ffffff", (node) =>
    node.kind === "color" ? node.value : null,
  );
}

export function fontValue(layer: EditableLayer, first: string): ControlValue<string> {
  return shown(writtenValue(layer, "font"), first, (node) => {
    const [part, second] = node.kind === "text" ? node.parts : [];
    return part?.kind === "literal" && !second ? part.value : null;
  });
}

/** What stands between the quotes, tokens and escapes as they are written. Pure. */
export function textValue(source: string, { content }: EditableLayer): string | null {
  return content?.kind === "text" ? source.slice(content.span.start + 1, content.span.end - 1) : null;
}

export function rounded(value: number): number {
  return Number(value.toFixed(4));
}
