import type { Readable } from "node:stream";
import type { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { bodyChunks } from "./request-body.ts";

/** Reads a JSON body of at most `limit` bytes by a schema.
 *  @throws AppError `invalid_argument` that names the field, `resource_exhausted` above the limit. */
export async function readJson<S extends z.ZodType>(
  body: Readable,
  schema: S,
  limit: number,
): Promise<z.output<S>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(body)) {
    size += (chunk as Buffer).length;
    if (size > limit)
      throw new AppError("resource_exhausted", `The request has more than ${limit} bytes.`, {
        details: { limit },
      });
    chunks.push(chunk as Buffer);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString("utf8"));
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
