import type { ByteBudget } from "#kernel/byte-budget.ts";
import { AppError } from "#kernel/errors.ts";
import { hashObject } from "./hash-object.ts";
import type { MediaRow } from "./ports/media-repository.ts";
import type { ObjectStore } from "./ports/object-store.ts";

/**
 * Holds what the store in fact has against what was announced: size, and SHA-256 as the store vouches for it, else by
 * reading the object once. The object is not touched.
 * @throws AppError `upload.gone` when there is no object, `upload.size_mismatch`, `upload.checksum_mismatch`.
 */
export async function verifyOriginal(
  store: ObjectStore,
  row: MediaRow,
  options: { readonly reading: ByteBudget; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { reading, signal } = options;
  const object = await store.head(row.objectKey, { signal });
  if (!object)
    throw new AppError("upload.gone", "The store does not hold this picture; send it again.", {
      details: { key: row.objectKey },
    });
  if (object.size !== row.size)
    throw new AppError("upload.size_mismatch", "The store holds another number of bytes than announced.", {
      details: { key: row.objectKey, announced: row.size, stored: object.size },
    });
  const sha256 = object.sha256 ?? (await readBack(store, row.objectKey, reading, signal));
  if (sha256 !== row.sha256)
    throw new AppError("upload.checksum_mismatch", "The store holds other bytes than announced.", {
      details: { key: row.objectKey },
    });
}

async function readBack(
  store: ObjectStore,
  key: string,
  reading: ByteBudget,
  signal: AbortSignal | undefined,
): Promise<string> {
  using _held = await reading.acquire(1, { signal });
  return await hashObject(store, key, signal);
}
