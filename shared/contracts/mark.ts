import { z } from "zod";
import { canonicalJson } from "./mark-operator.ts";
import { markSpecSchema } from "./mark-spec.ts";

/**
 * The variables of the template language that whoever asks for marks may say: of the job, and of whom the copies are for.
 * The rest follows from the picture, its file, its owner and the clock.
 */
export const JOB_VALUES = [
  "JOBCODE",
  "SKU",
  "CLIENT",
  "batch_id",
  "user_name",
  "device_id",
  "recipient",
] as const;
export type JobValueName = (typeof JOB_VALUES)[number];

export const jobValuesSchema = z
  .partialRecord(z.enum(JOB_VALUES), z.string().min(1).max(200))
  .refine((values) => Object.keys(values).length > 0, "leave it out when there are none");
export type JobValues = z.infer<typeof jobValuesSchema>;

/** A template in one of its versions: the SHA-256 of its operator, which the server keeps (`TemplateService`). */
export const templateRefSchema = z.strictObject({
  template: z.string().min(1).max(100),
  version: z.string().regex(/^[0-9a-f]{64}$/),
  /** Left out when there are none. */
  values: jobValuesSchema.optional(),
  /** The picture's place in its job, from 1: `SEQUENCE`. */
  sequence: z.number().int().min(1).optional(),
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
