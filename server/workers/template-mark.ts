import { isTemplateRef } from "#contracts/mark.ts";
import type { MarkJob } from "#contracts/mark-job.ts";
import { type MarkOperator, markOperatorSchema } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { resolveMark } from "#template/resolve.ts";
import type { MarkOptions } from "../services/ports/image-marker.ts";
import type { TemplateRepository } from "../services/ports/template-repository.ts";

/**
 * A job's mark in the form that a marker takes: its own words, or the template that it pins.
 * @throws AppError `not_found` when the template is not kept here, `invalid_argument` when it is of another program's
 *   version.
 */
export async function templateMark(
  { mark, owner }: MarkJob,
  templates: Pick<TemplateRepository, "get">,
): Promise<MarkOptions["mark"]> {
  if (!isTemplateRef(mark)) return mark;
  const stored = await templates.get(mark.version);
  if (!stored) throw new AppError("not_found", `The template “${mark.template}” is not kept on this server.`);
  const operator = operatorOf(stored.operator);
  return (size) => resolveMark(operator, { ...size, variables: { user_id: owner } }).mark;
}

function operatorOf(json: string): MarkOperator {
  const parsed = markOperatorSchema.safeParse(JSON.parse(json));
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_argument", "The template was made by another version of Platemark.");
}
