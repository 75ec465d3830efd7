import type { Layer } from "#contracts/mark-operator.ts";
import type { ExpressionLowering } from "./lower-expression.ts";
import { type FontFamily, qrLayer, textLayer } from "./lower-layer.ts";
import type { Span } from "./position.ts";
import { readCall, type ValueReader } from "./value-reader.ts";

/** What a location is written as, and the order of its values. */
export const LOCATIONS = {
  text: [
    "anchor",
    "scale",
    "margin",
    "margin_x",
    "margin_y",
    "opacity",
    "rotation",
    "blend",
    "font",
    "weight",
    "color",
    "outline",
    "shadow",
    "pattern",
  ],
  qr_overlay: [
    "anchor",
    "scale",
    "margin",
    "margin_x",
    "margin_y",
    "opacity",
    "rotation",
    "blend",
    "dark",
    "light",
    "correction",
    "quiet",
    "pattern",
  ],
} as const;

/** spec.md S12: where the payload is drawn, in one line; lengths without a unit are parts of the short side. `null`: it
 *  is not said, or cannot be read. */
export function readLocation(
  reader: ValueReader,
  fonts: readonly FontFamily[],
  expressions: ExpressionLowering,
): { readonly layer: Layer; readonly span: Span } | null {
  const setting = reader.node("location");
  const node = setting?.kind === "quoted" ? setting.content : setting;
  if (!node || node.kind === "error") return null;
  if (node.kind !== "call") {
    reader.report(
      "value.type",
      node.span,
      '`location` is written like `"text(bottom_right, scale=0.06)"` or `"qr_overlay(bottom_right, scale=0.12)"`.',
    );
    return null;
  }
  const call = readCall(reader, node, LOCATIONS);
  const { expression } = expressions.lower({ kind: "name", name: "payload", span: node.span });
  if (call === null) return null;
  const layer =
    call.callName.text === "text"
      ? textLayer(call, expression, null, fonts, "parts")
      : qrLayer(call, expression, null, "parts");
  return { layer, span: node.span };
}
