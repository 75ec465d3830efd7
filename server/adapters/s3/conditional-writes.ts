import { AppError } from "#kernel/errors.ts";
import type { StoreSetupStep } from "../../services/ports/object-store.ts";
import type { S3Client } from "./s3-client.ts";

/** An empty object that stays, so that the next look is one request. */
const PROBE_KEY = "snapshots/.conditions";

/** Whether the server keeps `If-None-Match` on a PUT, which publishing stands on (docs/adr/0012): some take the header
 *  and overwrite all the same. */
export async function probeConditionalWrites(
  client: S3Client,
  signal: AbortSignal | undefined,
): Promise<StoreSetupStep> {
  if (!(await putIfNew(client, signal)))
    return { step: "conditions", outcome: "present", message: "Conditional writes are kept." };
  if (!(await putIfNew(client, signal)))
    return { step: "conditions", outcome: "made", message: "Conditional writes are kept." };
  return {
    step: "conditions",
    outcome: "refused",
    message:
      "The server overwrites objects although it is told not to: of two workers on one picture, the later one wins.",
  };
}

async function putIfNew(client: S3Client, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const answer = await client.send({
      operation: "PutObject",
      method: "PUT",
      key: PROBE_KEY,
      headers: { "if-none-match": "*" },
      signal,
    });
    answer.body.resume();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "store.precondition_failed") return false;
    throw error;
  }
}
