import { createHash } from "node:crypto";
import { type MarkOperator, markOperatorSchema, operatorJson } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { assertLevelSupported } from "#template/supported-level.ts";
import type { Caller } from "./caller.ts";
import type { StoredTemplate, TemplateRepository } from "./ports/template-repository.ts";

export interface TemplateDeps {
  readonly templates: TemplateRepository;
}

/** Characters of an operator's JSON; logos are part of it. */
const MAX_OPERATOR_LENGTH = 2 * 1024 * 1024;

/** Keeps the compiled templates that pictures are marked with. */
export class TemplateService {
  readonly #deps: TemplateDeps;

  constructor(deps: TemplateDeps) {
    this.#deps = deps;
  }

  /** @throws AppError `invalid_argument` for what is no operator of this version, or one that no worker here can draw. */
  async put(_caller: Caller, json: string): Promise<{ readonly name: string; readonly version: string }> {
    const operator = parseOperator(json);
    assertLevelSupported(operator);
    const canonical = operatorJson(operator);
    const version = createHash("sha256").update(canonical).digest("hex");
    await this.#deps.templates.put({ version, name: operator.name, operator: canonical });
    return { name: operator.name, version };
  }

  /** @throws AppError `not_found` */
  async get(_caller: Caller, version: string): Promise<StoredTemplate> {
    const template = await this.#deps.templates.get(version);
    if (!template) throw new AppError("not_found", "There is no template of this version.");
    return template;
  }
}

/** @throws AppError `invalid_argument` that names what is wrong. */
export function parseOperator(json: string): MarkOperator {
  if (json.length > MAX_OPERATOR_LENGTH)
    throw invalid("The template and its pictures are larger than 2 MiB. Use smaller logos.");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError("invalid_argument", "The template is no JSON.", {
      details: { field: "operator" },
      cause,
    });
  }
  const parsed = markOperatorSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw invalid(
    `The compiled template is wrong at “${issue.path.join(".") || "template"}”: ${issue.message}. Is this program as new as the server?`,
  );
}

function invalid(message: string): AppError {
  return new AppError("invalid_argument", message, { details: { field: "operator" } });
}
