import type { MarkOperator } from "#contracts/mark-operator.ts";
import { type AssetSource, LARGEST_ASSETS, type LoadedAsset, loadAsset, tooLarge } from "./assets.ts";
import type { DocumentNode } from "./ast.ts";
import { type Diagnostic, Findings } from "./diagnostic.ts";
import type { FontFamily } from "./lower-layer.ts";
import { type AssetUse, type Draft, lowerTemplate } from "./lower-template.ts";
import { parseTemplate } from "./parser.ts";

export interface CheckedTemplate {
  readonly document: DocumentNode;
  readonly diagnostics: readonly Diagnostic[];
}

export interface CompiledTemplate {
  /** `null` when one of the diagnostics is an error. */
  readonly operator: MarkOperator | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything that can be said of a template without reading its images. For editors, at every key. Pure. */
export function checkTemplate(
  source: string,
  { fonts }: { readonly fonts: readonly FontFamily[] },
): CheckedTemplate {
  const findings = new Findings();
  const document = parseTemplate(source, findings);
  lowerTemplate(source, document, fonts, findings);
  return { document, diagnostics: findings.diagnostics(source) };
}

/**
 * Checks a template, reads its images, and makes the operator of it. A source with errors has diagnostics and no
 * operator; equal sources with equal images have equal operators.
 * @param options.fonts what can be drawn; the first family stands where a text names none.
 * @throws AppError `aborted`; nothing stays behind.
 */
export async function compileTemplate(
  source: string,
  { fonts, assets }: { readonly fonts: readonly FontFamily[]; readonly assets: AssetSource },
  { signal }: { readonly signal: AbortSignal },
): Promise<CompiledTemplate> {
  const findings = new Findings();
  const document = parseTemplate(source, findings);
  const draft = lowerTemplate(source, document, fonts, findings);
  const loaded = draft ? await loadAll(draft.assets, assets, findings, signal) : new Map();
  return {
    operator: draft && findings.errors === 0 ? withAssets(draft, loaded) : null,
    diagnostics: findings.diagnostics(source),
  };
}

async function loadAll(
  uses: readonly AssetUse[],
  source: AssetSource,
  findings: Findings,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LoadedAsset>> {
  const loaded = new Map<string, LoadedAsset>();
  let size = 0;
  for (const { name, span } of uses) {
    if (loaded.has(name)) continue;
    const asset = await loadAsset(source, name, { signal });
    if ("code" in asset) findings.report({ span, ...asset });
    else {
      loaded.set(name, asset);
      size += asset.size;
      if (size > LARGEST_ASSETS)
        findings.report({
          span,
          ...tooLarge(name),
          message: "The images of this template have more than 2 MiB.",
        });
    }
  }
  return loaded;
}

function withAssets({ operator }: Draft, loaded: ReadonlyMap<string, LoadedAsset>): MarkOperator {
  return {
    ...operator,
    layers: operator.layers.map((layer) =>
      layer.kind === "image" ? { ...layer, asset: loaded.get(layer.asset)!.hash } : layer,
    ),
    assets: Object.fromEntries(Array.from(loaded.values(), ({ hash, asset }) => [hash, asset])),
  };
}
