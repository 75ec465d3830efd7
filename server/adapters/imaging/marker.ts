import { tmpdir } from "node:os";
import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { NotExact } from "#imaging/jpeg/not-exact.ts";
import { swapsSides } from "#imaging/orientation.ts";
import { CONTENT_TYPES } from "#imaging/picture-format.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { isShared } from "#kernel/shared-buffers.ts";
import type { ImageMarker, MarkedPicture, MarkOptions } from "../../services/ports/image-marker.ts";
import { ThreadPool } from "../threads/thread-pool.ts";
import { DECODE_SECONDS } from "./decode-pixels.ts";
import { inspectPicture, type PictureFacts } from "./inspect-picture.ts";
import { exactPath, nextPath } from "./jpeg-splicer.ts";
import { markThreadEntry } from "./locations.ts";
import type { ThreadResult, ThreadSettings, ThreadTask } from "./thread-messages.ts";

export interface ImageMarkerOptions {
  /** Pictures worked on at once, at most. */
  readonly threads: number;
  /** Decoded pictures held at once, over all threads, in bytes. One that is larger runs alone. */
  readonly memoryBudgetBytes: number;
  /** For colour profiles, each for a moment. @default the system's */
  readonly tempDir?: string;
  /** No single picture may need more than this, decoded. @default 2 GiB, a 340-megapixel picture of 16 bits */
  readonly mostDecodedBytes?: number;
  readonly logger: Logger;
}

const MOST_DECODED_BYTES = 2 * 1024 ** 3;

/** Decode and encode each have `DECODE_SECONDS` of their own; a thread that is silent for longer hangs. */
const DEADLINE_MS = (2 * DECODE_SECONDS + 30) * 1000;

const WORDS = {
  closed: "The marker has been closed.",
  hung: "This picture took too long to mark. It is tried again later.",
  died: "This picture stopped the program that marks it, twice. Export it again.",
  diedCode: "mark.failed",
} as const;

/** Marks pictures with sharp and resvg in worker threads. See `ImageMarker`. */
export function createImageMarker(options: ImageMarkerOptions): ImageMarker {
  const {
    threads,
    memoryBudgetBytes,
    tempDir = tmpdir(),
    mostDecodedBytes = MOST_DECODED_BYTES,
    logger,
  } = options;
  const pool = new ThreadPool<ThreadTask, ThreadResult | NotExact>({
    entry: markThreadEntry(),
    threads,
    settings: { tempDir } satisfies ThreadSettings,
    pack(task) {
      if (isShared(task.input)) return { message: task, moved: [] };
      const input = new Uint8Array(task.input);
      return { message: { ...task, input }, moved: [input.buffer] };
    },
    words: WORDS,
    deadlineMs: DEADLINE_MS,
    logger,
  });
  const budget = new ByteBudget(memoryBudgetBytes);

  async function run(task: ThreadTask, bytes: number, signal?: AbortSignal): Promise<ThreadResult> {
    using _held = await budget.acquire(bytes, { signal });
    const result = await pool.run(task, { signal });
    if ("exact" in result) throw new AppError("internal", `A task of kind ${task.kind} was not done.`);
    return result;
  }

  /** Takes the ways that code not all of it anew, one behind the other. `null`: only a decoder can mark or judge it. */
  async function exactly(
    task: Pick<ThreadTask & { kind: "mark" }, "input" | "facts" | "mark" | "room">,
    signal?: AbortSignal,
  ): Promise<ThreadResult | null> {
    for (let kind = exactPath(task.input, task.facts); kind !== null; ) {
      const bytes =
        kind === "spliced"
          ? bytesWhileSplicing(task.input.length)
          : bytesWhileRecoding(task.facts, task.input.length);
      using _held = await budget.acquire(bytes, { signal });
      const result = await pool.run({ kind, ...task }, { signal });
      if (!("exact" in result)) return result;
      logger.debug("mark.not_exact", { path: kind, reason: result.reason });
      kind = kind === "spliced" ? nextPath(result) : null;
    }
    return null;
  }

  return {
    async mark(input: Uint8Array, { mark, room, signal }: MarkOptions): Promise<MarkedPicture> {
      const facts = await inspectPicture(input, mostDecodedBytes);
      const { width, height, frames, format } = facts;
      const task = { input, facts, mark: resolved(mark, facts) };
      const result =
        (await exactly({ ...task, ...(room && isShared(room) && { room }) }, signal)) ??
        (await run({ kind: "mark", ...task }, bytesWhileMarking(facts, input.length), signal));
      const { body, marked } = result;
      if (!marked) throw new AppError("internal", "A marking thread answered without saying what it did.");
      return { body, contentType: CONTENT_TYPES[format], width, height, frames, ...marked };
    },

    async preview(input, { maxSide, signal }) {
      const facts = await inspectPicture(input, mostDecodedBytes);
      const bytes = bytesWhilePreviewing(facts, input.length);
      const { body } = await run({ kind: "preview", input, maxSide }, bytes, signal).catch(
        (error: unknown) => {
          throw AppError.from(error, "picture.corrupt");
        },
      );
      return { body, contentType: "image/webp" };
    },

    close: () => pool.close(),
  };
}

function resolved(mark: MarkOptions["mark"], { width, height, orientation }: PictureFacts): ResolvedMark {
  if (typeof mark === "function")
    return mark(swapsSides(orientation) ? { width: height, height: width } : { width, height });
  return "layers" in mark ? mark : resolvedOfSpec(mark);
}

/** The pixels once, what a coder that looks at the whole picture keeps, the file and its successor. */
function bytesWhileMarking(facts: PictureFacts, fileBytes: number): number {
  const wholePictureCoder = facts.format === "webp" || facts.format === "avif" || facts.format === "gif";
  return facts.decodedBytes * (wholePictureCoder ? 3 : facts.format === "jpeg" ? 1.25 : 1.5) + 3 * fileBytes;
}

/** The file here and in the thread, its data in the kernel, codes that move, its successor in pieces and whole. */
function bytesWhileSplicing(fileBytes: number): number {
  return 5.5 * fileBytes + 4 * 1024 * 1024;
}

/** The file here and in the thread, its data in the kernel, its successor in pieces and whole; and all coefficients. */
function bytesWhileRecoding({ decodedBytes, chromaSubsampling }: PictureFacts, fileBytes: number): number {
  const coefficients = decodedBytes * (chromaSubsampling.startsWith("4:2:0") ? 1.05 : 2);
  return coefficients + bytesWhileSplicing(fileBytes);
}

/** JPEG and WebP are shrunk while they are decoded, interlaced ones and others need all their pixels. */
function bytesWhilePreviewing(facts: PictureFacts, fileBytes: number): number {
  return facts.decodedBytes / (facts.format === "jpeg" ? 4 : 1) + fileBytes;
}
