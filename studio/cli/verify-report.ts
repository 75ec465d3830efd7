import type { ProofEvidence, ProofMetadata, ProofRecord } from "#contracts/proof-record.ts";
import type { PairCheck } from "#imaging/proof/check-pair.ts";
import { printable } from "./format.ts";

const n = (value: number) => value.toLocaleString("en");

type Box = ProofEvidence["touched"][number];

/** What a photographer reads. Without a record, a pair of which nothing lies outside is not proven. Pure. */
export function verifyWords(
  check: PairCheck,
  record: ProofRecord | null,
): { readonly proven: boolean; readonly lines: readonly string[] } {
  if (!check.proven) return { proven: false, lines: [`Not proven. ${reasonOf(check)}`] };
  const { evidence } = check;
  if (evidence.class === "whole_image" && !record)
    return {
      proven: false,
      lines: [
        `Not proven. The pictures differ over more than half of their area${psnr(evidence)}. If the mark covers it all, give its record with --record FILE.`,
      ],
    };
  const lines = [`Proven. ${claimOf(evidence)}`];
  if (evidence.touched.length > 0) lines.push(`The mark: ${boxesOf(evidence.touched)}.`);
  const metadata = metadataOf(evidence.metadata);
  if (metadata) lines.push(metadata);
  if (record)
    lines.push(
      `The record fits: template “${printable(record.template.name)}”, signed ${record.time.slice(0, 16).replace("T", " ")} UTC by ${printable(`${record.software.name} ${record.software.version}`)}.`,
    );
  return { proven: true, lines };
}

/** The same for programs: evidence without its list of digests. Pure. */
export function verifyJson(check: PairCheck, record: ProofRecord | null): Record<string, unknown> {
  const { proven } = verifyWords(check, record);
  if (!check.proven) return { proven, reason: check.reason, where: "where" in check ? check.where : [] };
  const { evidence, facts } = check;
  const { digest, ...rest } = "digest" in evidence ? evidence : { ...evidence, digest: undefined };
  const signed = record && { template: record.template, time: record.time, traceId: record.traceId };
  return {
    proven,
    ...facts,
    ...rest,
    ...(digest ? { digest: { root: digest.root, bytes: digest.bytes, count: digest.count } } : {}),
    record: signed,
  };
}

function claimOf(evidence: ProofEvidence): string {
  const { compared, leftOut } = evidence.outside;
  if (evidence.class === "exact") {
    const where = leftOut === 0 ? "Everywhere" : "Outside the mark";
    return evidence.basis === "coefficients"
      ? `${where} both hold the same picture data, coefficient by coefficient: ${n(compared)} of ${n(compared + leftOut)} blocks.`
      : `${where} both have the same pixels: ${n(compared)} of ${n(compared + leftOut)}.`;
  }
  const max = Math.max(...evidence.measured.map((each) => each.max));
  const mean = Math.max(...evidence.measured.map((each) => each.mean));
  const figures = `at most ${n(max)} of 255, ${n(mean)} on average`;
  return evidence.class === "bounded"
    ? `The picture was coded again. Outside the mark it is the same but for what coding loses: ${figures}; allowed are ${evidence.bounds.max} and ${evidence.bounds.mean}.`
    : `The mark covers the whole picture. What is known is by how much it differs: ${figures}${psnr(evidence)}.`;
}

function psnr(evidence: Extract<ProofEvidence, { class: "whole_image" }>): string {
  return evidence.psnr === null ? "" : ` (PSNR ${evidence.psnr.toFixed(1)} dB)`;
}

function boxesOf(boxes: readonly Box[]): string {
  const shown = boxes.slice(0, 3).map(boxOf).join("; ");
  return boxes.length > 3 ? `${shown}; and ${boxes.length - 3} more places` : shown;
}

function boxOf({ left, top, width, height }: Box): string {
  return `${n(width)} × ${n(height)} pixels at ${n(left)}, ${n(top)}`;
}

function metadataOf({ kept, changed, lost, added }: ProofMetadata): string {
  const said = [
    ["Kept byte for byte", kept],
    ["Changed", changed],
    ["Lost", lost],
    ["Added", added],
  ] as const;
  return said
    .flatMap(([word, names]) => (names.length > 0 ? [`${word}: ${names.join(", ")}.`] : []))
    .join(" ");
}

function reasonOf(check: Extract<PairCheck, { proven: false }>): string {
  const place = "where" in check && check.where[0] ? `: ${boxesOf(check.where)}` : "";
  switch (check.reason) {
    case "kind":
      return "The two pictures have another format, size or depth.";
    case "damaged":
      return "The marked picture is damaged. Copy it again from where it came.";
    case "outside":
      return `The pictures differ outside the mark${place}.`;
    case "bounds":
      return `The pictures differ by more than coding loses, outside the mark${place}.`;
    case "signature":
      return "The record was changed after it had been signed, or it was signed with another key.";
    case "original":
      return "The record speaks of another original than this file.";
    case "marked":
      return "The record speaks of another marked picture than this file.";
    case "evidence":
      return "The record says other things about these two files than they show.";
  }
}
