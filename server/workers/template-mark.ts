import { isTemplateRef } from "#contracts/mark.ts";
import type { MarkJob } from "#contracts/mark-job.ts";
import { type MarkOperator, markOperatorSchema } from "#contracts/mark-operator.ts";
import { pictureVariables } from "#imaging/metadata/picture-variables.ts";
import { AppError } from "#kernel/errors.ts";
import { resolveMark } from "#template/resolve.ts";
import type { MarkOptions } from "../services/ports/image-marker.ts";
import type { TemplateRepository } from "../services/ports/template-repository.ts";

/** How a job's mark follows from the bytes of its picture. */
export type MarkFor = (original: Uint8Array) => MarkOptions["mark"];

/**
 * A job's mark in the form that a marker takes: its own words, or the template that it pins, worked out from what the
 * picture says of itself.
 * @param nowMs for the time in a mark.
 * @throws AppError `not_found` when the template is not kept here, `invalid_argument` when it is of another program's
 *   version.
 */
export async function templateMark(
  { mark, owner }: MarkJob,
  templates: Pick<TemplateRepository, "get">,
  nowMs: number,
): Promise<MarkFor> {
  if (!isTemplateRef(mark)) return () => mark;
  const stored = await templates.get(mark.version);
  if (!stored) throw new AppError("not_found", `The template “${mark.template}” is not kept on this server.`);
  const operator = operatorOf(stored.operator);
  return (original) => {
    const variables = { user_id: owner, timestamp_ms: nowMs, ...pictureVariables(original) };
    return (size) => resolveMark(operator, { ...size, variables }).mark;
  };
}

function operatorOf(json: string): MarkOperator {
  const parsed = markOperatorSchema.safeParse(JSON.parse(json));
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_argument", "The template was made by another version of Platemark.");
}
