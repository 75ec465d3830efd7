import { refused } from "./authenticator.ts";

/** Algorithms that tokens may be signed with. `none` and everything else does not exist here. */
export const ALGORITHMS = ["HS256", "ES256", "RS256", "EdDSA"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface TokenHeader {
  readonly alg: Algorithm;
  readonly kid: string | null;
}

/** Requests' headers have 16 KiB together. */
export const MAX_TOKEN_LENGTH = 8_192;
const MAX_HEADER_LENGTH = 1_024;
const MAX_KID_LENGTH = 256;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** A token that brings or names its own key, or asks for what nobody here understands. */
const FOREIGN_KEYS = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/** What a token says of its signature, before anything is believed. Size comes first, then form.
 *  @throws AppError `unauthenticated`. */
export function readTokenHeader(token: string): TokenHeader {
  if (token.length > MAX_TOKEN_LENGTH) throw refused("too long");
  if (!COMPACT.test(token)) throw refused("no compact JWS");
  const encoded = token.slice(0, token.indexOf("."));
  if (encoded.length > MAX_HEADER_LENGTH) throw refused("header too long");
  const header = parseObject(encoded);
  const forbidden = FOREIGN_KEYS.find((name) => Object.hasOwn(header, name));
  if (forbidden !== undefined) throw refused(`header ${forbidden} not allowed`);
  const alg = algorithmOf(header.alg);
  const { kid = null } = header;
  if (kid !== null && (typeof kid !== "string" || kid.length > MAX_KID_LENGTH)) throw refused("kid is none");
  return { alg, kid };
}

/** `Ed25519` is the name of the same algorithm in RFC 9864. */
export function algorithmOf(name: unknown): Algorithm {
  const known = name === "Ed25519" ? "EdDSA" : ALGORITHMS.find((each) => each === name);
  if (!known) throw refused("algorithm not allowed");
  return known;
}

function parseObject(encoded: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(UTF8.decode(Buffer.from(encoded, "base64url")));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw refused("unreadable header", cause);
  }
  throw refused("unreadable header");
}
