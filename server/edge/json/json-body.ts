import type { z } from "zod";
import { AppError } from "#kernel/errors.ts";

/** A request's body, read once. */
export interface JsonBody {
  /** All of it, decompressed. @throws AppError `resource_exhausted` above `limit` bytes, before and after. */
  read(limit: number): Promise<Uint8Array>;
}

/** Reads a JSON body of at most `limit` bytes by a schema.
 *  @throws AppError `invalid_argument` that names the field, `resource_exhausted` above the limit. */
export async function readJson<S extends z.ZodType>(
  body: JsonBody,
  schema: S,
  limit: number,
): Promise<z.output<S>> {
  const bytes = await body.read(limit);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new AppError("invalid_argument", "The request is no JSON.", { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new AppError(
    "invalid_argument",
    `Wrong at “${issue.path.join(".") || "request"}”: ${issue.message}.`,
  );
}
