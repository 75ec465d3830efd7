import type {
  Expression,
  Layer,
  MarkOperator,
  ResolvedLayer,
  ResolvedMark,
} from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { clockVariables, exifDateVariables } from "./dates.ts";
import { type Evaluation, evaluate, writtenOf } from "./evaluate.ts";
import { variableOf } from "./variables.ts";

/** What is known of one picture and of the moment. */
export interface PictureFacts {
  /** Of the upright picture, in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * By the names in {@link VARIABLES}. Sizes and orientation follow from the picture, `EXIF.YEAR` and its like from
   * `EXIF.DATE_TIME`, `YEAR` and its like from `timestamp_ms` (UTC); given ones win.
   */
  readonly variables: Readonly<Record<string, string | number>>;
}

export interface ResolveDiagnostic {
  /** `layer.empty`: a layer has nothing to write on this picture, and is left out. */
  readonly code: "variable.missing" | "value.invalid" | "layer.empty";
  readonly message: string;
  /** The variable that is missing. */
  readonly variable?: string;
  /** Place of the layer in the operator, from 0. */
  readonly layer?: number;
}

export interface ResolvedTemplate {
  readonly mark: ResolvedMark;
  /** The payload's value on this picture; `null` when the operator has none. */
  readonly payload: string | null;
  readonly diagnostics: readonly ResolveDiagnostic[];
}

/**
 * Works an operator out for one picture: conditions, texts, payload. What is missing is an empty text and is told. The
 * same operator and facts give the same mark, everywhere. Pure.
 * @throws AppError `invalid_argument` when width or height is not a whole number above 0.
 */
export function resolveMark(operator: MarkOperator, facts: PictureFacts): ResolvedTemplate {
  const diagnostics = new Map<string, ResolveDiagnostic>();
  const tell = (diagnostic: ResolveDiagnostic) => {
    const key =
      diagnostic.code === "layer.empty" ? `${diagnostic.code} ${diagnostic.layer}` : diagnostic.message;
    if (!diagnostics.has(key)) diagnostics.set(key, diagnostic);
  };
  const variables = variablesFor(facts);
  let payload: string | undefined;
  const evaluation: Evaluation = {
    valueOf: (name) => (name === "payload" ? payload : variables.get(name)),
    onMissing(name) {
      const group = variableOf(name)?.group;
      const where =
        group === "exif" || group === "iptc" || group === "picture"
          ? "is not in this picture"
          : "is not known here";
      tell({ code: "variable.missing", message: `\`${name}\` ${where}.`, variable: name });
    },
    onProblem: (message) => tell({ code: "value.invalid", message }),
  };
  const text = (expression: Expression) => writtenOf(evaluate(expression, evaluation));
  if (operator.payload) payload = text(operator.payload);

  const layers = operator.layers.flatMap((layer, i): readonly ResolvedLayer[] => {
    if (layer.when && evaluate(layer.when, evaluation) !== true) return [];
    const resolved = resolveLayer(layer, text);
    if (resolved !== null) return [resolved];
    tell({ code: "layer.empty", message: "A layer has nothing to write on this picture.", layer: i });
    return [];
  });
  const used = new Set(layers.flatMap((layer) => (layer.kind === "image" ? [layer.asset] : [])));
  const assets = Object.fromEntries(Object.entries(operator.assets).filter(([hash]) => used.has(hash)));
  return {
    mark: { safeArea: operator.safeArea, layers, assets },
    payload: payload ?? null,
    diagnostics: [...diagnostics.values()],
  };
}

/** `null`: nothing to write. */
function resolveLayer(layer: Layer, text: (expression: Expression) => string): ResolvedLayer | null {
  if (layer.kind === "image") {
    const { when: _when, ...resolved } = layer;
    return resolved;
  }
  const value = text(layer.value);
  if (value.trim() === "") return null;
  if (layer.kind === "text") {
    const { when: _when, ...resolved } = layer;
    return { ...resolved, value };
  }
  const { when: _when, ...resolved } = layer;
  return { ...resolved, value };
}

function variablesFor({ width, height, variables }: PictureFacts): ReadonlyMap<string, string | number> {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new AppError("invalid_argument", `A picture of ${width} × ${height} pixels cannot be marked.`);
  const given = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [variableOf(name)?.name ?? name, value]),
  );
  return new Map<string, string | number>(
    Object.entries({
      ...exifDateVariables(String(given["EXIF.DATE_TIME"] ?? "")),
      ...(given.timestamp_ms !== undefined && clockVariables(Number(given.timestamp_ms))),
      ...given,
      width,
      height,
      short_side: Math.min(width, height),
      long_side: Math.max(width, height),
      aspect: width / height,
      megapixels: (width * height) / 1_000_000,
      orientation: width === height ? "square" : width > height ? "landscape" : "portrait",
    }),
  );
}

/** The variables that an operator asks for, sorted: what has to be read from a picture before it is marked. Pure. */
export function variablesOf(operator: MarkOperator): readonly string[] {
  const names = new Set<string>();
  const visit = (expression: Expression | null): void => {
    switch (expression?.kind) {
      case "variable":
        names.add(expression.name);
        break;
      case "call":
        expression.args.forEach(visit);
        break;
      case "text":
        expression.parts.forEach(visit);
        break;
      case "not":
        visit(expression.operand);
        break;
      case "binary":
        visit(expression.left);
        visit(expression.right);
    }
  };
  visit(operator.payload);
  for (const layer of operator.layers) {
    visit(layer.when);
    if (layer.kind !== "image") visit(layer.value);
  }
  names.delete("payload");
  return [...names].sort();
}
