import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { type EdgeConfig, originsOf, parseEdgeConfig } from "./edge-config.ts";
import type { TokenKeys } from "./http-filters.ts";

/** A site's configuration with what it names, read at one moment. */
export interface EdgeFiles {
  readonly config: EdgeConfig;
  readonly keys: TokenKeys | null;
  /** All that was read: another text is another configuration. */
  readonly text: string;
}

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** @throws AppError `config.invalid` that names file and place. */
export async function readEdgeFiles(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<EdgeFiles> {
  const beside = (name: string) => resolve(dirname(path), name);
  const texts = [await read(path, signal)];
  let config = parseEdgeConfig(texts[0]!, path);
  if (config.originsFile !== undefined) {
    const list = beside(config.originsFile);
    texts.push(await read(list, signal));
    const more = originsOf(texts.at(-1)!, config.environment, list);
    config = { ...config, origins: [...config.origins, ...more] };
  }
  if (config.tokens === undefined) return { config, keys: null, text: texts.join("\n") };
  const jwks = beside(config.tokens.jwks);
  const keysText = await read(jwks, signal);
  texts.push(keysText);
  checkKeys(keysText, jwks, config.tokens.deliver);
  const keys = config.tokens.deliver === "inline" ? { inline: keysText } : { path: jwks };
  return { config, keys, text: texts.join("\n") };
}

async function read(path: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await readFile(path, { encoding: "utf8", ...(signal && { signal }) });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ABORT_ERR") throw AppError.from(cause);
    throw new AppError("config.invalid", `${path} cannot be read (${code ?? "unknown reason"}).`, { cause });
  }
}

/** Whoever reaches the control plane reads its configuration: what can sign tokens must not be in it. */
function checkKeys(text: string, path: string, deliver: "inline" | "path"): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("config.invalid", `${path} is no valid JSON.`, { cause });
  }
  const parsed = keySet.safeParse(value);
  if (!parsed.success)
    throw new AppError("config.invalid", `${path} is no JSON Web Key Set: {"keys": [{"kty": …}]}.`);
  if (deliver === "path") return;
  for (const [at, key] of parsed.data.keys.entries())
    if (key.kty === "oct" || "d" in key)
      throw new AppError(
        "config.invalid",
        `Key ${at + 1} of ${path} is secret. Give the public half, or set “tokens.deliver” to “path”, so that Envoy reads the file itself.`,
      );
}
