import { createHash } from "node:crypto";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import type { Environment, OriginEntry } from "../../services/ports/origin-control.ts";
import { originEntry, patternEntry } from "./origin-entry.ts";

/** The lists of all environments, as `originsFile` holds them. */
export type OriginsDocument = Readonly<Record<Environment, readonly OriginEntry[]>>;

export const MAX_ENTRIES = 1_000;
export const EMPTY_DOCUMENT: OriginsDocument = { production: [], staging: [], local: [] };

const credentials = z.boolean().default(false);
const written = z.union([
  z.string(),
  z.strictObject({ origin: z.string(), credentials }),
  z.strictObject({ pattern: z.string(), credentials }),
]);
const list = z.array(written).max(MAX_ENTRIES).default([]);
const documentSchema = z.strictObject({ production: list, staging: list, local: list });

/** Reads the file's text. @throws AppError `invalid_argument` that says what is wrong, and where. */
export function parseOriginsDocument(text: string): OriginsDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_argument", `The list of origins is no JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new AppError("invalid_argument", `Wrong at “${path.join(".") || "the file"}”: ${message}.`);
  }
  const { production, staging, local } = parsed.data;
  return {
    production: entriesOf("production", production),
    staging: entriesOf("staging", staging),
    local: entriesOf("local", local),
  };
}

function entriesOf(environment: Environment, list: readonly z.infer<typeof written>[]): OriginEntry[] {
  return list.map((item, index) => {
    try {
      if (typeof item === "string") return originEntry(item);
      return "pattern" in item
        ? patternEntry(item.pattern, item.credentials)
        : originEntry(item.origin, item.credentials);
    } catch (error) {
      const { message } = AppError.from(error);
      throw new AppError("invalid_argument", `Wrong at “${environment}.${index}”: ${message}`, {
        cause: error,
      });
    }
  });
}

/** The text that {@link parseOriginsDocument} reads back, as people would write it. */
export function renderOriginsDocument(document: OriginsDocument): string {
  const lines = Object.fromEntries(
    Object.entries(document).map(([environment, entries]) => [environment, entries.map(renderEntry)]),
  );
  return `${JSON.stringify(lines, null, 2)}\n`;
}

function renderEntry({ kind, value, credentials: allowed }: OriginEntry): unknown {
  const credentials = allowed ? { credentials: true } : {};
  if (kind === "pattern") return { pattern: value, ...credentials };
  return allowed ? { origin: value, ...credentials } : value;
}

/** The same for the same lists, whoever wrote them down and how. 32 hex digits. */
export function documentVersion(document: OriginsDocument): string {
  return createHash("sha256").update(renderOriginsDocument(document)).digest("hex").slice(0, 32);
}
