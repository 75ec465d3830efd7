import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "#contracts/settings.ts";
import { roomForSplice } from "#imaging/jpeg/splice-mark.ts";
import { systemClock } from "#kernel/clock.ts";
import { newTraceId, systemRandom } from "#kernel/random.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { createPictureProver } from "../../server/adapters/proof/prover.ts";
import { loadProofKey, proofKeyPath } from "../../server/proof-key.ts";
import { MEMORY_PER_MARK } from "../../server/worker-settings.ts";
import { isStillInUse, markAndProve } from "../../server/workers/mark-and-prove.ts";
import { unkeptTemplate } from "../../server/workers/pinned-templates.ts";
import type { FileMarker } from "../mark-files/mark-files.ts";
import { PROGRAM_VERSION } from "../program-version.ts";
import { loggerOf } from "./command-context.ts";
import type { MarkTemplate } from "./mark-template.ts";

export interface OpenedFileMarker extends FileMarker, AsyncDisposable {}

/**
 * What marks and proves a worker's pictures, for files: `jobs` at once in threads of this process, each of which draws
 * the template once for all pictures of a size. Proofs are signed with the home's key, made when there is none.
 * @throws AppError `config.invalid` for a key that is none.
 */
export async function openFileMarker(
  { operator, values }: MarkTemplate,
  settings: Settings,
  jobs: number,
): Promise<OpenedFileMarker> {
  const { home, user } = settings;
  const key = await loadProofKey({ path: proofKeyPath(home), setting: settings.proofKey });
  const tempDir = join(home, "tmp");
  await mkdir(tempDir, { recursive: true });
  const logger = await loggerOf(settings);
  const threads = { threads: jobs, memoryBudgetBytes: jobs * MEMORY_PER_MARK };
  const marker = createImageMarker({ ...threads, tempDir, logger });
  const prover = createPictureProver(
    { ...threads, key, version: PROGRAM_VERSION },
    { clock: systemClock, logger },
  );
  const template = unkeptTemplate(operator);
  return {
    roomFor: roomForSplice,
    isStillInUse,
    async mark(loaded, signal) {
      const incomplete: string[] = [];
      const { picture, proof } = await markAndProve(
        {
          ...loaded,
          values,
          owner: user,
          objectKey: null,
          markedKey: null,
          traceId: newTraceId(systemRandom),
        },
        template,
        { marker, prover, clock: systemClock },
        { onIncomplete: ({ message }) => incomplete.push(message), signal },
      );
      const { record, markedSha256: sha256, class: proofClass } = proof;
      return { body: picture.body, sha256, record, path: picture.path, proof: proofClass, incomplete };
    },
    async [Symbol.asyncDispose]() {
      await marker.close();
      await prover.close();
    },
  };
}
