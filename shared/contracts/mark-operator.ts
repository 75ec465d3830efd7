import { z } from "zod";
import { ANCHORS } from "./mark-spec.ts";

/**
 * What a template compiles to: one plain, versioned value that page, worker and command line read alike. Two
 * operators with the same {@link operatorJson} are the same mark; its SHA-256 is the template's version.
 */
export const OPERATOR_VERSION = 1;

/** Sides of the upright picture that a length may count from; `px` is absolute. */
export const LENGTH_UNITS = ["px", "short_side", "long_side", "width", "height"] as const;
/** `value` in pixels, or as a part (0.05 is 5 %) of a side. */
export const lengthSchema = z.strictObject({ value: z.number(), unit: z.enum(LENGTH_UNITS) });
export type Length = z.infer<typeof lengthSchema>;

/** W3C Compositing Level 1, separable modes. */
export const BLEND_MODES = ["normal", "multiply", "screen", "overlay", "soft_light"] as const;
export type BlendMode = (typeof BLEND_MODES)[number];

export const BINARY_OPERATORS = [
  "+",
  "-",
  "*",
  "/",
  "%",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "and",
  "or",
] as const;

/** An expression over variables of the picture, the job and the user. */
export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  /** `EXIF.YEAR`, `IPTC.CREATOR`, `JOBCODE`, `user_id`, `orientation`, … */
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: (typeof BINARY_OPERATORS)[number];
      readonly left: Expression;
      readonly right: Expression;
    }
  /** A text with tokens: the parts' values as text, one behind the other. */
  | { readonly kind: "text"; readonly parts: readonly Expression[] };

export const expressionSchema: z.ZodType<Expression> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("literal"), value: z.union([z.string(), z.number(), z.boolean()]) }),
    z.strictObject({ kind: z.literal("variable"), name: z.string().min(1) }),
    z.strictObject({ kind: z.literal("call"), name: z.string().min(1), args: z.array(expressionSchema) }),
    z.strictObject({ kind: z.literal("not"), operand: expressionSchema }),
    z.strictObject({
      kind: z.literal("binary"),
      operator: z.enum(BINARY_OPERATORS),
      left: expressionSchema,
      right: expressionSchema,
    }),
    z.strictObject({ kind: z.literal("text"), parts: z.array(expressionSchema) }),
  ]),
);

/** sRGB, `#rrggbb` in lower case. */
export const colorSchema = z.string().regex(/^#[0-9a-f]{6}$/);

const outlineSchema = z.strictObject({
  color: colorSchema,
  /** Stroke width ÷ text size, centred on the glyphs' edge and drawn behind the fill. */
  width: z.number().min(0).max(0.5),
});
const shadowSchema = z.strictObject({
  color: colorSchema,
  opacity: z.number().min(0).max(1),
  /** Offset and blur (standard deviation) ÷ text size. */
  dx: z.number().min(-1).max(1),
  dy: z.number().min(-1).max(1),
  blur: z.number().min(0).max(1),
});

const patternSchema = z.strictObject({
  /** Degrees, clockwise: turns the grid; the layer's own rotation turns each copy in it as well. */
  angle: z.number().min(-360).max(360),
  /** Free space between copies. */
  gapX: lengthSchema,
  gapY: lengthSchema,
  /** Every second row stands half a step to the side. */
  stagger: z.boolean(),
});

const layerBase = {
  /** The layer is drawn where this is true; `null`: always. */
  when: expressionSchema.nullable(),
  anchor: z.enum(ANCHORS),
  /** From the anchored edges of the safe area inwards; ignored by a pattern. */
  marginX: lengthSchema,
  marginY: lengthSchema,
  /** Degrees, clockwise, around the layer's centre. */
  rotation: z.number().min(-360).max(360),
  opacity: z.number().min(0).max(1),
  blend: z.enum(BLEND_MODES),
  /** `null`: one copy at the anchor; else copies over the whole picture. */
  pattern: patternSchema.nullable(),
};

const textFields = {
  ...layerBase,
  kind: z.literal("text"),
  /** A family that ships with the program. */
  font: z.string().min(1),
  weight: z.number().int().min(100).max(900),
  /** Height of the em square. */
  size: lengthSchema,
  color: colorSchema,
  outline: outlineSchema.nullable(),
  shadow: shadowSchema.nullable(),
};
const imageFields = {
  ...layerBase,
  kind: z.literal("image"),
  /** SHA-256 of the file, a key of the operator's `assets`. */
  asset: z.string().regex(/^[0-9a-f]{64}$/),
  /** Its height follows from the file's own proportions. */
  width: lengthSchema,
};
const qrFields = {
  ...layerBase,
  kind: z.literal("qr"),
  /** Side of the square, quiet zone included. */
  size: lengthSchema,
  dark: colorSchema,
  /** `null`: light modules and quiet zone let the picture through. */
  light: colorSchema.nullable(),
  /** Error correction level (ISO/IEC 18004). */
  correction: z.enum(["L", "M", "Q", "H"]),
  /** Modules around the symbol. */
  quiet: z.number().int().min(0).max(16),
};

export const layerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...textFields, value: expressionSchema }),
  z.strictObject(imageFields),
  z.strictObject({ ...qrFields, value: expressionSchema }),
]);
export type Layer = z.infer<typeof layerSchema>;

export const assetSchema = z.strictObject({
  /** As the template names it. */
  name: z.string().min(1),
  mediaType: z.enum(["image/png", "image/svg+xml"]),
  /** Base64 of the file. */
  bytes: z.string(),
});
export type OperatorAsset = z.infer<typeof assetSchema>;

export const MARK_LEVELS = ["copyright", "trace", "dynamic"] as const;

export const markOperatorSchema = z.strictObject({
  operatorVersion: z.literal(OPERATOR_VERSION),
  name: z.string().min(1).max(100),
  /** spec.md S12. Levels above `copyright` carry a payload. */
  level: z.enum(MARK_LEVELS),
  payload: expressionSchema.nullable(),
  /** Kept free at every edge: margins count from its inner side. */
  safeArea: lengthSchema,
  /** Drawn in this order. */
  layers: z.array(layerSchema).min(1).max(32),
  /** Each step of `persistence`, for marks that survive what is done to copies. */
  persistence: z.array(
    z.strictObject({
      name: z.string().min(1),
      args: z.record(z.string(), z.union([z.number(), z.string()])),
    }),
  ),
  assets: z.record(z.string().regex(/^[0-9a-f]{64}$/), assetSchema),
});
/** Plain data; see {@link OPERATOR_VERSION}. */
export type MarkOperator = z.infer<typeof markOperatorSchema>;

/** A layer whose conditions and variables have been worked out for one picture. */
export type ResolvedLayer =
  | (Omit<Extract<Layer, { kind: "text" }>, "value" | "when"> & { readonly value: string })
  | Omit<Extract<Layer, { kind: "image" }>, "when">
  | (Omit<Extract<Layer, { kind: "qr" }>, "value" | "when"> & { readonly value: string });

/** What is drawn on one picture. */
export interface ResolvedMark {
  readonly safeArea: Length;
  readonly layers: readonly ResolvedLayer[];
  readonly assets: MarkOperator["assets"];
}

/** Canonical JSON: names sorted at every level, no white space. Pure. */
export function operatorJson(operator: MarkOperator): string {
  return canonicalJson(operator);
}

/** JSON with sorted names at every level: equal values give equal texts. Pure. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
