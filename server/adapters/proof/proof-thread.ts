import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { PROOF_VERSION } from "#contracts/proof-record.ts";
import { hex } from "#imaging/proof/block-digest.ts";
import { examinePair, type PairFinding, type ProofTools } from "#imaging/proof/examine-pair.ts";
import { recordBytes, signRecord } from "#imaging/proof/sign-record.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import type { PictureProof } from "../../services/ports/picture-prover.ts";
import type { ThreadAnswer } from "../threads/thread-pool.ts";
import { proofFailure } from "./proof-failure.ts";
import type { ProofMessage, ProofThreadSettings } from "./proof-messages.ts";
import { loadProofTools } from "./proof-tools.ts";

/** Entry of a proving thread: one pair at a time, bytes in shared or by transfer. */

// The threads are the parallelism; the image library's own would only compete with them. Its cache never hits here.
sharp.concurrency(1);
sharp.cache(false);

const { key, software } = workerData as ProofThreadSettings;
/** A kernel that a large pair has made larger than this is given up: its memory never shrinks. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;
let tools: ProofTools | undefined;

async function prove(message: ProofMessage): Promise<PictureProof> {
  const { original, marked, claims, template, objectKey, markedKey, traceId, time } = message;
  tools ??= await loadProofTools();
  const { kernel, sha256 } = tools;
  let finding: PairFinding;
  try {
    finding = await examinePair({ original, marked }, { ...regionsOf(message), claims }, tools);
  } finally {
    if (kernel.memoryBytes > MOST_KEPT_BYTES) tools = undefined;
  }
  if (!finding.proven) throw proofFailure(finding);
  const { evidence, facts } = finding;
  const markedSha256 = hex(await sha256(marked));
  const record = await signRecord(
    {
      proofVersion: PROOF_VERSION,
      original: { ...facts, sha256: message.originalSha256, bytes: original.length, key: objectKey },
      marked: { ...facts, sha256: markedSha256, bytes: marked.length, key: markedKey },
      template,
      evidence,
      software,
      traceId,
      time,
    },
    key,
  );
  return { record: recordBytes(record), markedSha256, class: evidence.class };
}

/** The boxes by page: what is told of one page says nothing about another. */
function regionsOf({ touched }: ProofMessage) {
  const pages = Array.from({ length: Math.max(0, ...touched.map(({ page }) => page)) + 1 }, (_, page) =>
    touched.filter((box) => box.page === page).map(({ page: _page, ...box }) => box),
  );
  const [first = [], ...furtherPages] = pages;
  return { touched: first, ...(furtherPages.length > 0 && { furtherPages }) };
}

parentPort!.on("message", async (message: ProofMessage & { readonly id: number }) => {
  const { id } = message;
  let answer: ThreadAnswer<PictureProof>;
  try {
    answer = { id, result: await prove(message) };
  } catch (error) {
    answer = { id, error: { ...toErrorBody(error), retry: AppError.from(error).retry } };
  }
  parentPort!.postMessage(answer);
});
