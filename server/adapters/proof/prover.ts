import { jpegFrame, jpegSegments } from "#imaging/jpeg-segments.ts";
import type { ProofPrivateKey } from "#imaging/proof/sign-record.ts";
import { ByteBudget } from "#kernel/byte-budget.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import { isShared } from "#kernel/shared-buffers.ts";
import type { PictureProof, PictureProver, ProofRequest } from "../../services/ports/picture-prover.ts";
import { inspectPicture } from "../imaging/inspect-picture.ts";
import { threadEntry } from "../threads/thread-entry.ts";
import { ThreadPool } from "../threads/thread-pool.ts";
import type { ProofMessage, ProofThreadSettings } from "./proof-messages.ts";

export interface PictureProverOptions {
  /** Pairs worked on at once, at most. */
  readonly threads: number;
  /** Files, coefficients and pixels held at once, over all threads, in bytes. A larger pair runs alone. */
  readonly memoryBudgetBytes: number;
  /** See `loadProofKey`. */
  readonly key: ProofPrivateKey;
  /** Of this program. */
  readonly version: string;
}

const DEADLINE_MS = 300_000;
const SOS = 0xda;
/** Frame headers of JPEGs that are read as they are walked. */
const SEQUENTIAL = new Set([0xc0, 0xc1]);

const WORDS = {
  closed: "The prover has been closed.",
  hung: "This picture took too long to prove. It is tried again later.",
  died: "This picture stopped the program that proves it, twice. Export it again.",
  diedCode: "proof.failed",
} as const;

/** Proves marked pictures in worker threads and signs what was found. See `PictureProver`. */
export function createPictureProver(
  options: PictureProverOptions,
  deps: { readonly clock: Clock; readonly logger: Logger },
): PictureProver {
  const { threads, memoryBudgetBytes, key, version } = options;
  const pool = new ThreadPool<ProofMessage, PictureProof>({
    entry: threadEntry(new URL("./proof-thread.ts", import.meta.url)),
    threads,
    settings: { key, software: { name: "platemark", version } } satisfies ProofThreadSettings,
    pack(task) {
      const moved: ArrayBuffer[] = [];
      const own = (bytes: Uint8Array) => {
        if (isShared(bytes)) return bytes;
        const copy = new Uint8Array(bytes);
        moved.push(copy.buffer);
        return copy;
      };
      return { message: { ...task, original: own(task.original), marked: own(task.marked) }, moved };
    },
    words: WORDS,
    deadlineMs: DEADLINE_MS,
    logger: deps.logger,
  });
  const budget = new ByteBudget(memoryBudgetBytes);
  return {
    async prove({ signal, ...request }: ProofRequest): Promise<PictureProof> {
      const bytes = await bytesWhileProving(request);
      using _held = await budget.acquire(bytes, { signal });
      const time = new Date(deps.clock.now()).toISOString();
      return await pool.run({ ...request, time }, { signal });
    },
    close: () => pool.close(),
  };
}

/** Both files, here, in the thread and in the kernel; and of what is not walked as it lies, coefficients or pixels. */
async function bytesWhileProving({ original, marked }: Omit<ProofRequest, "signal">): Promise<number> {
  const files = 3 * (original.length + marked.length) + 4 * 1024 * 1024;
  if (isOneScan(original) && isOneScan(marked)) return files;
  const { format, chromaSubsampling, decodedBytes } = await inspectPicture(
    original,
    Number.POSITIVE_INFINITY,
  );
  // A coefficient has two bytes, a pixel's sample one; halved chrominance has half of a pixel's samples.
  const coefficients = format === "jpeg" && !chromaSubsampling.startsWith("4:2:0");
  return files + (coefficients ? 4 : 2.1) * decodedBytes;
}

/** True for a JPEG of one Huffman-coded sequential scan. */
function isOneScan(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  const segments = jpegSegments(bytes);
  const frame = jpegFrame(bytes, segments);
  const scan = segments.at(-1);
  if (!frame || scan?.marker !== SOS || !SEQUENTIAL.has(frame.marker)) return false;
  return bytes[scan.payload] === frame.components.length;
}
