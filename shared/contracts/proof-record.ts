import { z } from "zod";
import { canonicalJson } from "./mark-operator.ts";

/**
 * What proves that a marked picture is its original but for the mark (spec.md S15). Plain JSON with sorted names, signed
 * with Ed25519; docs/guides/proof.md says what each field means and how to check one without Platemark.
 */
export const PROOF_VERSION = 1;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);

/** Stored pixels, from the upper left corner. */
const boxSchema = z.strictObject({ left: count, top: count, width: count, height: count });

const fileSchema = z.strictObject({
  sha256: sha256Schema,
  bytes: count,
  format: z.enum(["jpeg", "png", "webp", "gif", "tiff", "avif"]),
  /** As stored, of one frame. */
  width: count,
  height: count,
  /** In the object store; `null` for a file. */
  key: z.string().nullable(),
});

/** Of everything outside the touched region, in canonical form, in blocks of `blockBytes`. */
const digestSchema = z.strictObject({
  algorithm: z.literal("sha256"),
  blockBytes: z.literal(65_536),
  bytes: count,
  count,
  /** SHA-256 of all blocks' digests, 32 bytes each, one behind the other. */
  root: sha256Schema,
  /** The first eight bytes of each block's digest; `null` above 4,096 blocks. */
  blocks: z.array(z.string().regex(/^[0-9a-f]{16}$/)).nullable(),
});
export type ProofDigest = z.infer<typeof digestSchema>;

/** Differences of samples, in parts of 255. `tile`: the largest mean over 32 × 32 pixels. */
const differenceSchema = z.strictObject({ max: z.number(), mean: z.number(), tile: z.number() });
export type ProofDifference = z.infer<typeof differenceSchema>;

const metadataSchema = z.strictObject({
  /** Byte for byte the same. */
  kept: z.array(z.string()),
  changed: z.array(z.string()),
  lost: z.array(z.string()),
  added: z.array(z.string()),
});
export type ProofMetadata = z.infer<typeof metadataSchema>;

const evidenceFields = {
  /** The region that the mark may have changed, in each frame alike. */
  touched: z.array(boxSchema),
  /** The same for a TIFF's second page and those that follow: pages may have sizes of their own. */
  furtherPages: z.array(z.array(boxSchema)),
  /** Compared MCUs or pixels, and those that the region leaves out. */
  outside: z.strictObject({ compared: count, leftOut: count, unit: z.enum(["mcu", "pixel"]) }),
  metadata: metadataSchema,
};

/** What was found out about two pictures. */
export const evidenceSchema = z.discriminatedUnion("class", [
  z.strictObject({
    class: z.literal("exact"),
    /** What is equal outside: quantised DCT coefficients, or pixels. */
    basis: z.enum(["coefficients", "pixels"]),
    ...evidenceFields,
    digest: digestSchema,
  }),
  z.strictObject({
    class: z.literal("bounded"),
    basis: z.literal("pixels"),
    ...evidenceFields,
    /** Pixels around the touched region that are not measured: lossy coding smears the mark's edge. */
    margin: count,
    bounds: differenceSchema,
    /** A channel each. */
    measured: z.array(differenceSchema),
  }),
  z.strictObject({
    class: z.literal("whole_image"),
    basis: z.literal("pixels"),
    ...evidenceFields,
    /** Decibel, over all; `null`: the pictures are equal. */
    psnr: z.number().nullable(),
    measured: z.array(differenceSchema),
  }),
]);
export type ProofEvidence = z.infer<typeof evidenceSchema>;
export type ProofClass = ProofEvidence["class"];

/** An Ed25519 public key (RFC 8037). */
export const publicKeySchema = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type ProofPublicKey = z.infer<typeof publicKeySchema>;

const claimFields = {
  proofVersion: z.literal(PROOF_VERSION),
  original: fileSchema,
  marked: fileSchema,
  /** `version`: SHA-256 of the compiled template. */
  template: z.strictObject({ name: z.string().min(1), version: z.string().min(1) }),
  evidence: evidenceSchema,
  software: z.strictObject({ name: z.string(), version: z.string() }),
  traceId: z.string(),
  /** When the proof was made. */
  time: z.iso.datetime(),
};

export const proofClaimsSchema = z.strictObject(claimFields);
/** A record that is not signed yet. */
export type ProofClaims = z.infer<typeof proofClaimsSchema>;

export const proofRecordSchema = z.strictObject({
  ...claimFields,
  key: publicKeySchema,
  /** Ed25519 over the canonical JSON of all other fields; base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type ProofRecord = z.infer<typeof proofRecordSchema>;

/** What is signed: UTF-8 of the canonical JSON. Pure. */
export function signedBytes(record: ProofClaims & { readonly key: ProofPublicKey }): Uint8Array<ArrayBuffer> {
  const { signature: _, ...signed } = record as Partial<ProofRecord>;
  return new TextEncoder().encode(canonicalJson(signed));
}
