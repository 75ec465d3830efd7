import { dirname } from "node:path";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { AppError } from "#kernel/errors.ts";
import { type CompiledTemplate, compileTemplate } from "#template/compile.ts";
import { fontFamilies } from "#template/font-families.ts";

export interface ReadTemplate extends CompiledTemplate {
  readonly source: string;
}

/** Reads a template's file and compiles it, with the images beside it.
 *  @throws AppError `file.unreadable`, `invalid_argument` when it is larger than any template. */
export async function readAndCompile(
  file: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<ReadTemplate> {
  const { folderAssets } = await import("../../server/adapters/templates/folder-assets.ts");
  const source = await sourceOf(file);
  const assets = folderAssets(dirname(file));
  const compiled = await compileTemplate(source, { fonts: fontFamilies(SHIPPED_FONTS), assets }, { signal });
  return { source, ...compiled };
}

/** @throws AppError that names the file. */
export async function sourceOf(file: string): Promise<string> {
  const { readTemplateFile } = await import("../../server/adapters/templates/read-template.ts");
  try {
    return (await readTemplateFile(file)).source;
  } catch (error) {
    const { code, message } = AppError.from(error);
    throw new AppError(code, `${file}: ${message}`, { cause: error });
  }
}
