import { isTemplateRef, type Mark, markKey } from "#contracts/mark.ts";
import type { MarkOperator, ResolvedMark } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { operatorOfSpec } from "#template/operator-of-spec.ts";
import { type ResolveDiagnostic, resolveMark, variablesOf } from "#template/resolve.ts";
import { templateVersion } from "#template/template-version.ts";
import { variableOf } from "#template/variables.ts";
import type { TemplateRepository } from "../services/ports/template-repository.ts";
import { parseOperator } from "../services/template-service.ts";

/** A template as a job has pinned it. A text mark of the settings is one, too. */
export interface PinnedTemplate {
  readonly name: string;
  /** SHA-256 of the operator's canonical JSON, lower-case hex. */
  readonly version: string;
  readonly operator: MarkOperator;
  /** Whether it asks what the picture's metadata say, which costs a read. */
  readonly asksPicture: boolean;
}

/** Operators kept ready; a version never changes. */
const MOST_KEPT = 32;

/** Finds what a job's mark draws, and keeps the latest ready. */
export class PinnedTemplates {
  readonly #templates: TemplateRepository;
  readonly #ready = new Map<string, PinnedTemplate>();

  constructor(templates: TemplateRepository) {
    this.#templates = templates;
  }

  /** @throws AppError `template.unknown` when nobody has put the template there. */
  async of(mark: Mark): Promise<PinnedTemplate> {
    const key = isTemplateRef(mark) ? mark.version : markKey(mark);
    const ready = this.#ready.get(key);
    if (ready) return ready;
    const found = isTemplateRef(mark)
      ? await this.#stored(mark.version)
      : unkeptTemplate(operatorOfSpec(mark));
    if (this.#ready.size >= MOST_KEPT) this.#ready.delete(this.#ready.keys().next().value!);
    this.#ready.set(key, found);
    return found;
  }

  async #stored(version: string): Promise<PinnedTemplate> {
    const stored = await this.#templates.get(version);
    if (!stored)
      throw new AppError(
        "template.unknown",
        "The template that this picture is to be marked with is not kept here in this version.",
      );
    return pinned(stored.name, version, parseOperator(stored.operator));
  }
}

function pinned(name: string, version: string, operator: MarkOperator): PinnedTemplate {
  const groups = new Set(variablesOf(operator).map((variable) => variableOf(variable)?.group));
  return { name, version, operator, asksPicture: groups.has("exif") || groups.has("iptc") };
}

/** A template that nobody keeps, ready to draw. */
export function unkeptTemplate(operator: MarkOperator): PinnedTemplate {
  return pinned(operator.name, templateVersion(operator), operator);
}

/** Works a template out for one picture, once its size is known. What the picture lacks is told. */
export function markFor(
  { operator }: PinnedTemplate,
  variables: Readonly<Record<string, string | number>>,
  onIncomplete: (diagnostic: ResolveDiagnostic) => void,
): (picture: { readonly width: number; readonly height: number }) => ResolvedMark {
  return ({ width, height }) => {
    const { mark, diagnostics } = resolveMark(operator, { width, height, variables });
    for (const diagnostic of diagnostics) onIncomplete(diagnostic);
    return mark;
  };
}
