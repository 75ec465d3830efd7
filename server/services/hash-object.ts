import { createHash } from "node:crypto";
import { AppError } from "#kernel/errors.ts";
import { freeMemory } from "#kernel/free-memory.ts";
import type { ObjectStore } from "./ports/object-store.ts";

/** Lower-case hex SHA-256 of an object, read once. @throws AppError `not_found`, `store.unreachable`, `aborted`. */
export async function hashObject(store: ObjectStore, key: string, signal?: AbortSignal): Promise<string> {
  const { body } = await store.get(key, { signal });
  const hash = createHash("sha256");
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      freeMemory(chunk);
    }
  } catch (cause) {
    if (signal?.aborted) throw AppError.from(signal.reason, "aborted");
    throw new AppError("store.unreachable", "The store broke off while the picture was read back.", {
      retry: "backoff",
      cause,
    });
  }
  return hash.digest("hex");
}
