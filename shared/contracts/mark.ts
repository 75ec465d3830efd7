import { z } from "zod";
import { canonicalJson } from "./mark-operator.ts";
import { markSpecSchema } from "./mark-spec.ts";

/** A template in one of its versions: the SHA-256 of its operator, which the server keeps (`TemplateService`). */
export const templateRefSchema = z.strictObject({
  template: z.string().min(1).max(100),
  version: z.string().regex(/^[0-9a-f]{64}$/),
});
export type TemplateRef = z.infer<typeof templateRefSchema>;

/** What a picture is to be marked with: a template in one version, or a plain text. */
export const markSchema = z.union([templateRefSchema, markSpecSchema]);
export type Mark = z.infer<typeof markSchema>;

export function isTemplateRef(mark: Mark): mark is TemplateRef {
  return "template" in mark;
}

/** Names one mark: equal marks have equal keys. Pure. */
export function markKey(mark: Mark): string {
  return canonicalJson(mark);
}
