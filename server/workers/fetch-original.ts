import { createHash } from "node:crypto";
import type { MarkJob } from "#contracts/mark-job.ts";
import { abortReason } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { freeMemory } from "#kernel/free-memory.ts";
import type { ObjectStore } from "../services/ports/object-store.ts";

/**
 * Reads the original into `original`, which is as large, and proves that it is what was uploaded: its SHA-256 is the
 * job's. An abort ends the transfer. Nothing is written any more when this ends.
 * @throws AppError `upload.checksum_mismatch`; `not_found`; `store.unreachable` and `store.slow_down` (backoff).
 */
export async function fetchOriginal(
  store: ObjectStore,
  job: Pick<MarkJob, "objectKey" | "size" | "sha256">,
  original: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const { body } = await store.get(job.objectKey, { signal }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "not_found")
      throw new AppError("not_found", "The original is no longer in the store. Import it again.", {
        cause: error,
      });
    throw error;
  });
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (length + chunk.length > job.size) throw mismatch();
      original.set(chunk, length);
      hash.update(chunk);
      length += chunk.length;
      freeMemory(chunk);
    }
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (error instanceof AppError) throw error;
    throw new AppError("store.unreachable", "The store stopped answering while the original was read.", {
      retry: "backoff",
      cause: error,
    });
  } finally {
    body.destroy();
  }
  if (length !== job.size || hash.digest("hex") !== job.sha256) throw mismatch();
}

function mismatch(): AppError {
  return new AppError(
    "upload.checksum_mismatch",
    "The original in the store is not the picture that was sent. Import it again.",
  );
}
