import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import { createImageMarker } from "../adapters/imaging/marker.ts";
import { createPinoLogger } from "../adapters/log/pino-logger.ts";
import { openParentChannel } from "./parent-channel.ts";

/**
 * Renders previews in a process of its own: `{type: "preview", id, source, maxSide}` is answered by
 * `{type: "preview", id, body, contentType}` or `{type: "error", id, error}`; `{type: "cancel", id}` takes one back,
 * which is then answered by an error `aborted`. Ends by itself when its parent has gone.
 */

const requestSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("preview"),
    id: z.union([z.string(), z.number()]),
    source: z.union([z.object({ path: z.string().min(1) }), z.object({ url: z.url() })]),
    maxSide: z.number().int().min(16).max(8192),
  }),
  z.object({ type: z.literal("cancel"), id: z.union([z.string(), z.number()]) }),
]);
type PreviewRequest = Extract<z.infer<typeof requestSchema>, { type: "preview" }>;

const MOST_THREADS = 4;
const DECODED_BUDGET_BYTES = 512 * 1024 * 1024;
/** A file's size is not known before it is read; this is a large photograph's. */
const ASSUMED_FILE_BYTES = 24 * 1024 * 1024;
const FILES_BUDGET_BYTES = 8 * ASSUMED_FILE_BYTES;

async function read(source: PreviewRequest["source"], signal: AbortSignal): Promise<Uint8Array> {
  if ("url" in source) {
    const response = await fetch(source.url, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new AppError("store.unreachable", "The store does not answer.", {
        retry: "backoff",
        cause: error,
      });
    });
    if (!response.ok)
      throw new AppError(
        response.status === 404 ? "not_found" : "store.refused",
        `The store answered ${response.status} when the picture was asked for.`,
      );
    return new Uint8Array(await response.arrayBuffer());
  }
  return await readFile(source.path, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw gone
      ? new AppError("file.vanished", "The file is no longer there.", { cause: error })
      : new AppError("file.unreadable", "The file cannot be read. Check its permissions.", { cause: error });
  });
}

const channel = await openParentChannel();
const logger = createPinoLogger({ level: "warn" });
const marker = createImageMarker({
  threads: Math.min(MOST_THREADS, availableParallelism()),
  memoryBudgetBytes: DECODED_BUDGET_BYTES,
  logger,
});
const files = new ByteBudget(FILES_BUDGET_BYTES);
const underWay = new Map<string | number, AbortController>();

async function answer({ id, source, maxSide }: PreviewRequest): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  const { signal } = abort;
  try {
    using _file = await files.acquire(ASSUMED_FILE_BYTES, { signal });
    const input = await read(source, signal);
    const { body, contentType } = await marker.preview(input, { maxSide, signal });
    channel.postMessage({ type: "preview", id, body, contentType });
  } catch (error) {
    const reason = signal.aborted ? new AppError("aborted", "The preview was not needed any more.") : error;
    channel.postMessage({ type: "error", id, error: toErrorBody(reason) });
  } finally {
    underWay.delete(id);
  }
}

channel.onMessage((message) => {
  const parsed = requestSchema.safeParse(message);
  if (!parsed.success) logger.error("preview.bad_request", { reason: parsed.error.message });
  else if (parsed.data.type === "cancel") underWay.get(parsed.data.id)?.abort();
  else void answer(parsed.data);
});
channel.onClose(() => process.exit(0));
