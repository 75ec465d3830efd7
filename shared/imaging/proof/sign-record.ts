import { canonicalJson } from "#contracts/mark-operator.ts";
import {
  type ProofClaims,
  type ProofPublicKey,
  type ProofRecord,
  proofRecordSchema,
  publicKeySchema,
  signedBytes,
} from "#contracts/proof-record.ts";
import { AppError } from "#kernel/errors.ts";

/** An Ed25519 key pair as a JWK (RFC 8037); `d` is the secret. */
export interface ProofPrivateKey extends ProofPublicKey {
  readonly d: string;
}

const ED25519 = { name: "Ed25519" } as const;

/** The public half alone. */
export function publicKeyOf({ kty, crv, x }: ProofPublicKey): ProofPublicKey {
  return { kty, crv, x };
}

export async function generateProofKey(): Promise<ProofPrivateKey> {
  const pair = (await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"])) as {
    readonly privateKey: Parameters<typeof crypto.subtle.sign>[1];
  };
  const { x, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return { kty: "OKP", crv: "Ed25519", x: x!, d: d! };
}

/** Signs what a proof has found. */
export async function signRecord(claims: ProofClaims, key: ProofPrivateKey): Promise<ProofRecord> {
  const { kty, crv, x, d } = key;
  const signer = await crypto.subtle.importKey("jwk", { kty, crv, x, d }, ED25519, false, ["sign"]);
  const named = { ...claims, key: publicKeyOf(key) };
  const signature = await crypto.subtle.sign(ED25519, signer, signedBytes(named));
  return { ...named, signature: base64Url(new Uint8Array(signature)) };
}

/** True when the record is signed by this key and no field of it has been changed since. */
export async function verifyRecord(record: ProofRecord, key: ProofPublicKey): Promise<boolean> {
  if (record.key.x !== key.x) return false;
  const verifier = await crypto.subtle.importKey("jwk", { ...publicKeyOf(key) }, ED25519, false, ["verify"]);
  return await crypto.subtle.verify(ED25519, verifier, fromBase64Url(record.signature), signedBytes(record));
}

/** Canonical JSON: sorted names, no white space; equal records have equal bytes. */
export function recordBytes(record: ProofRecord): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalJson(record));
}

/** @throws AppError `invalid_argument` when it is no record of a version that this program knows. */
export function parseRecord(bytes: Uint8Array): ProofRecord {
  try {
    return proofRecordSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new AppError("invalid_argument", "This file is no proof record that Platemark can read.", {
      cause,
    });
  }
}

/** The prefix of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410), before its 32 bytes. */
const SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

export function publicKeyPem(key: ProofPublicKey): string {
  const bytes = Uint8Array.from([...SPKI, ...fromBase64Url(key.x)]);
  return `-----BEGIN PUBLIC KEY-----\n${btoa(String.fromCharCode(...bytes))}\n-----END PUBLIC KEY-----\n`;
}

/** Reads a JWK or a PEM. @throws AppError `invalid_argument` */
export function parsePublicKey(text: string): ProofPublicKey {
  try {
    if (!text.includes("-----BEGIN")) {
      const { kty, crv, x } = JSON.parse(text);
      return publicKeySchema.parse({ kty, crv, x });
    }
    const body = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(text)?.[1];
    const bytes = Uint8Array.from(atob((body ?? "").replace(/\s/g, "")), (each) => each.charCodeAt(0));
    if (bytes.length !== SPKI.length + 32 || !SPKI.every((byte, i) => byte === bytes[i]))
      throw new Error("no Ed25519 key");
    return { kty: "OKP", crv: "Ed25519", x: base64Url(bytes.subarray(SPKI.length)) };
  } catch (cause) {
    throw new AppError("invalid_argument", "This is no Ed25519 public key, neither as JWK nor as PEM.", {
      cause,
    });
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
}
