import { canonicalJson } from "#contracts/mark-operator.ts";
import type { ProofEvidence, ProofPublicKey, ProofRecord } from "#contracts/proof-record.ts";
import { hex } from "./block-digest.ts";
import { examinePair, type Pair, type PairFinding, type ProofTools } from "./examine-pair.ts";
import { verifyRecord } from "./sign-record.ts";

/** What does not fit: the signature, one of the files, or what the record says about them. */
export type RecordMismatch = "signature" | "original" | "marked" | "evidence";

export type PairCheck =
  | Extract<PairFinding, { proven: true }>
  | Extract<PairFinding, { proven: false }>
  | { readonly proven: false; readonly reason: RecordMismatch };

/** Checks two files with nothing else known: finds the touched region, and says what holds outside of it. */
export async function checkPair(pair: Pair, tools: ProofTools): Promise<PairFinding> {
  return await examinePair(pair, { touched: null }, tools);
}

/**
 * Checks two files against a record: its signature by `key`, both files' hashes, and all its evidence, anew.
 * @throws AppError `picture.*` when one of the files cannot be read.
 */
export async function checkPairWithRecord(
  pair: Pair,
  record: ProofRecord,
  key: ProofPublicKey,
  tools: ProofTools,
): Promise<PairCheck> {
  if (!(await verifyRecord(record, key))) return { proven: false, reason: "signature" };
  for (const side of ["original", "marked"] as const) {
    const sha256 = hex(await tools.sha256(pair[side]));
    if (sha256 !== record[side].sha256 || pair[side].length !== record[side].bytes)
      return { proven: false, reason: side };
  }
  const { evidence } = record;
  const claims = evidence.class === "exact" ? "exact" : undefined;
  const { touched, furtherPages } = evidence;
  const finding = await examinePair(pair, { touched, furtherPages, claims }, tools);
  if (!finding.proven) return finding;
  const { format, width, height } = finding.facts;
  const sides = [record.original, record.marked];
  const fits = sides.every(
    (side) => side.format === format && side.width === width && side.height === height,
  );
  return fits && bearsOut(finding.evidence, evidence) ? finding : { proven: false, reason: "evidence" };
}

/**
 * Exact evidence must be found again as it stands. What lossy decoders answer may differ a little from one version to
 * the next: there the found differences must keep within the record's bounds.
 */
function bearsOut(found: ProofEvidence, stated: ProofEvidence): boolean {
  if (stated.class === "exact") return canonicalJson(found) === canonicalJson(stated);
  if (canonicalJson(found.metadata) !== canonicalJson(stated.metadata)) return false;
  // A better decoder may find more than was stated, never less.
  if (found.class === "exact") return true;
  if (found.class !== stated.class) return found.class === "bounded";
  const limits = stated.class === "bounded" ? stated.measured.map(() => stated.bounds) : stated.measured;
  const slack = stated.class === "bounded" ? 0 : 2;
  return found.measured.every(
    ({ max, mean, tile }, i) =>
      limits[i] !== undefined &&
      max <= limits[i].max + slack &&
      mean <= limits[i].mean + slack &&
      tile <= limits[i].tile + slack,
  );
}
