import { type CryptoKey, importJWK } from "jose";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { refused } from "./authenticator.ts";
import type { Algorithm, TokenHeader } from "./token-header.ts";
import type { VerificationKey } from "./verification-keys.ts";

/** Public keys of one moment. */
export type KeySet = readonly VerificationKey[];

const MAX_KEYS = 50;
const MIN_RSA_BITS = 2_048;
const jwkSchema = z.looseObject({
  kty: z.string(),
  kid: z.string().min(1).max(256).optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
});
type WrittenKey = z.infer<typeof jwkSchema>;
const jwksSchema = z.looseObject({ keys: z.array(jwkSchema).max(MAX_KEYS) });
/** Members of private and of secret keys (RFC 7518, section 6). */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "k"];

/**
 * Reads a JWKS (RFC 7517). Keys for other purposes are passed over, as the standard asks; what must not be there is
 * refused with all of it: private halves, shared secrets, two keys of one name, RSA below 2,048 bits.
 * @throws AppError `invalid_argument` that says which.
 */
export async function parseKeySet(text: string): Promise<KeySet> {
  const written = readKeys(text);
  const keys: VerificationKey[] = [];
  for (const [index, jwk] of written.entries()) {
    const name = `key ${index} (kid ${jwk.kid ?? "none"})`;
    if (SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member)))
      throw invalid(`${name} holds a secret; give the server the public half alone`);
    const alg = algorithmFor(jwk);
    if (alg === null) continue;
    if (keys.some((other) => other.alg === alg && other.kid === (jwk.kid ?? null)))
      throw invalid(`${name} has the name of another key`);
    if (alg === "RS256" && bitsOf(jwk.n) < MIN_RSA_BITS)
      throw invalid(`${name} has fewer than ${MIN_RSA_BITS} bits`);
    keys.push({ alg, kid: jwk.kid ?? null, key: await importKey(jwk, alg, name) });
  }
  return keys;
}

/** The key that the header means. Without a `kid` only where there is no choice.
 *  @throws AppError `unauthenticated`. */
export function keyFor(keys: KeySet, { alg, kid }: TokenHeader): VerificationKey {
  const fitting = keys.filter((key) => key.alg === alg && (kid === null || key.kid === kid));
  if (fitting.length === 1) return fitting[0]!;
  throw refused(fitting.length === 0 ? "signed with an unknown key" : "names none of several keys");
}

function readKeys(text: string): readonly WrittenKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid("it is no JSON", cause);
  }
  const parsed = jwksSchema.safeParse(json);
  if (parsed.success) return parsed.data.keys;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(`wrong at “${path.join(".") || "the whole"}”: ${message}`);
}

/** `null`: not a key for signatures that are accepted here. */
function algorithmFor({ kty, crv, use = "sig", alg, key_ops = ["verify"] }: WrittenKey): Algorithm | null {
  if (use !== "sig" || !key_ops.includes("verify")) return null;
  const only = (own: Algorithm, ...names: string[]) =>
    alg === undefined || [own, ...names].includes(alg) ? own : null;
  if (kty === "RSA") return only("RS256");
  if (kty === "EC" && crv === "P-256") return only("ES256");
  if (kty === "OKP" && crv === "Ed25519") return only("EdDSA", "Ed25519");
  return null;
}

async function importKey(jwk: WrittenKey, alg: Algorithm, name: string): Promise<CryptoKey> {
  try {
    // `key_ops` and `ext` of the file are somebody else's; this key only verifies.
    const { key_ops: _, ext: _ext, ...rest } = jwk;
    const key = await importJWK({ ...rest, alg } as Parameters<typeof importJWK>[0], alg);
    if (key instanceof Uint8Array) throw new Error("no public key");
    return key;
  } catch (cause) {
    throw invalid(`${name} cannot be read`, cause);
  }
}

function bitsOf(modulus = ""): number {
  const bytes = Buffer.from(modulus, "base64url");
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24;
}

function invalid(why: string, cause?: unknown): AppError {
  return new AppError("invalid_argument", `The key set cannot be used: ${why}.`, { cause });
}
