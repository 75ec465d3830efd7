import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TemplateSummary } from "#contracts/ipc.ts";
import type { JobValues, TemplateRef } from "#contracts/mark.ts";
import { type MarkOperator, operatorJson } from "#contracts/mark-operator.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { assetNameProblem } from "#template/asset-name.ts";
import type { AssetSource } from "#template/assets.ts";
import { checkTemplate, compileTemplate } from "#template/compile.ts";
import { fontFamilies } from "#template/font-families.ts";
import { jobValuesAsked, valuesAskedFor } from "#template/job-values.ts";
import { TEMPLATE_EXTENSION, type TemplateLibrary } from "#template/template-library.ts";
import { templateVersion } from "#template/template-version.ts";
import { TemplateFiles } from "./template-files.ts";

/** A folder of templates, and who watches it. */
export interface TemplateSource {
  readonly folder: string;
  readonly library: TemplateLibrary;
  readonly assets: AssetSource;
}

export interface PinnedTemplate {
  readonly mark: TemplateRef;
  /** JSON of the operator that `mark` names. */
  readonly operator: string;
}

/** A template as an import names it, with what it asks of the values. */
export function pinnedTemplate(operator: MarkOperator, values: JobValues): PinnedTemplate {
  const asked = valuesAskedFor(operator, values);
  return {
    mark: { template: operator.name, version: templateVersion(operator), ...(asked && { values: asked }) },
    operator: operatorJson(operator),
  };
}

const FONTS = fontFamilies(SHIPPED_FONTS);

/** The templates of a home folder, as a window edits them and imports use them. */
export class Templates {
  readonly files: TemplateFiles;
  readonly #source: TemplateSource;

  constructor(source: TemplateSource) {
    this.#source = source;
    this.files = new TemplateFiles(source.folder);
  }

  async list(): Promise<{ readonly templates: TemplateSummary[]; readonly logos: string[] }> {
    const { names, logos } = await this.files.list();
    const templates: TemplateSummary[] = [];
    for (const name of names) {
      const file = await this.files.read(name).catch(() => null);
      if (file === null) continue;
      const { diagnostics } = checkTemplate(file.text, { fonts: FONTS });
      const errors = diagnostics.filter(({ severity }) => severity === "error").length;
      const inForce = this.#inForce(name);
      templates.push({
        name,
        revision: file.revision,
        errors,
        inForce: inForce?.version ?? null,
        asks: inForce ? [...jobValuesAsked(inForce.operator)] : [],
      });
    }
    return { templates, logos: [...logos] };
  }

  /**
   * The template as an import pins it: its newest text, or the last good version where that has mistakes.
   * @param options.values what is said of the job; what the template does not ask for is left out.
   * @throws AppError `not_found`; `invalid_argument` with the first mistake, where there has been no good version.
   */
  async pin(
    name: string,
    options: { readonly values?: JobValues | undefined; readonly signal: AbortSignal },
  ): Promise<PinnedTemplate> {
    const { values = {}, signal } = options;
    const { text } = await this.files.read(name);
    const { assets } = this.#source;
    const { operator, diagnostics } = await compileTemplate(text, { fonts: FONTS, assets }, { signal });
    const good = operator ?? this.#inForce(name)?.operator;
    if (!good) {
      const first = diagnostics.find(({ severity }) => severity === "error");
      throw new AppError(
        "invalid_argument",
        `The template “${name}” has mistakes, so nothing was imported. Line ${first?.line ?? 1}: ${first?.message ?? ""}`,
        { details: { template: name } },
      );
    }
    return pinnedTemplate(good, values);
  }

  /** An image that templates may name. `null`: there is none. */
  async logo(
    name: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly body: Uint8Array; readonly contentType: string } | null> {
    if (assetNameProblem(name) !== null) return null;
    const body = await this.#source.assets.readAsset(name, options);
    return body && { body, contentType: /\.png$/i.test(name) ? "image/png" : "image/svg+xml" };
  }

  /** Calls the listener after each change of the folder. */
  onChange(listener: () => void): () => void {
    const subscription = this.#source.library.subscribe(() => listener());
    return () => subscription[Symbol.dispose]();
  }

  #inForce(name: string) {
    const file = name + TEMPLATE_EXTENSION;
    return this.#source.library.entries.find((entry) => entry.file === file)?.inForce ?? null;
  }
}

/** Makes the folder of templates with the samples in it. One that is there already stays as it is. */
export async function prepareTemplateFolder(
  folder: string,
  { samples, logger }: { readonly samples: string; readonly logger: Logger },
): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  const names = await readdir(samples, { withFileTypes: true }).catch(() => []);
  for (const entry of names)
    if (entry.isFile())
      await copyFile(join(samples, entry.name), join(folder, entry.name)).catch((error: unknown) =>
        logger.warn("templates.sample_failed", { file: entry.name, error: String(error) }),
      );
}
