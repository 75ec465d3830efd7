import { timingSafeEqual } from "node:crypto";
import {
  ALGORITHM,
  amzDate,
  type CredentialScope,
  canonicalRequest,
  MAX_PRESIGN_SECONDS,
  parseAmzDate,
  type SigningKey,
  signCanonical,
  signingKey,
  UNSIGNED_PAYLOAD,
} from "./signature.ts";
import { SignatureError, type SignatureErrorCode } from "./signature-error.ts";

/** Milliseconds that a signer's clock may be off. */
export const MAX_SKEW_MS = 15 * 60_000;

/** Headers a presigned request may carry although its signer did not sign them: they change nothing that is stored. */
const HARMLESS_UNSIGNED = new Set(["x-amz-content-sha256", "x-amz-date", "x-amz-user-agent"]);

/** A request as it came in. */
export interface IncomingSigned {
  readonly method: string;
  /** Decoded path. */
  readonly path: string;
  /** Decoded pairs, all of them. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Names in lower case, values as UTF-8 text. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface VerifyOptions {
  /** The secret of an access key, `undefined` for a stranger's. */
  readonly secretOf: (accessKey: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Derives the day's key, or remembers it. @default signingKey */
  readonly deriveKey?: (secretKey: string, scope: CredentialScope) => SigningKey;
}

/** Who sent a request, and what its chunks must be signed with. */
export interface VerifiedSigner {
  readonly accessKey: string;
  readonly by: "header" | "query";
  /** Hex SHA-256, `UNSIGNED-PAYLOAD` or a `STREAMING-…` literal. */
  readonly payloadHash: string;
  readonly signature: string;
  readonly signingKey: SigningKey;
  readonly scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
}

interface Claim {
  readonly by: "header" | "query";
  readonly accessKey: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * Verifies a Signature V4 by header or by query. `null`: the request carries none, it is anonymous.
 * The body is not looked at: the caller holds it against `payloadHash`.
 * @throws SignatureError
 */
export function verifySignature(request: IncomingSigned, options: VerifyOptions): VerifiedSigner | null {
  const query = new Map(request.query);
  if (query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature")) {
    return verifyClaim(
      request,
      queryClaim(query),
      queryDate(query, options.now),
      queryPayload(request, query),
      options,
    );
  }
  const authorization = request.headers.authorization;
  if (authorization === undefined) return null;
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    if (!authorization.startsWith("AWS ") && !authorization.startsWith("AWS4-"))
      throw new SignatureError("AccessDenied", "Access Denied.");
    headerDate(request.headers);
    throw new SignatureError(
      "InvalidRequest",
      "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    );
  }
  const { date, ms } = headerDate(request.headers);
  const claim = headerClaim(authorization);
  const payloadHash = request.headers["x-amz-content-sha256"];
  if (payloadHash === undefined)
    throw new SignatureError(
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  return verifyClaim(request, claim, { date, ms }, payloadHash, options);
}

function verifyClaim(
  request: IncomingSigned,
  claim: Claim,
  time: { readonly date: string; readonly ms: number },
  payloadHash: string,
  options: VerifyOptions,
): VerifiedSigner {
  const malformed =
    claim.by === "header" ? "AuthorizationHeaderMalformed" : "AuthorizationQueryParametersError";
  if (claim.scope.date !== time.date.slice(0, 8))
    throw new SignatureError(
      malformed,
      "The date in the credential scope does not match the request's date.",
    );
  const secretKey = options.secretOf(claim.accessKey);
  if (secretKey === undefined)
    throw new SignatureError(
      "InvalidAccessKeyId",
      "The Access Key Id you provided does not exist in our records.",
    );
  if (request.headers["x-amz-security-token"] !== undefined || hasQuery(request, "X-Amz-Security-Token"))
    throw new SignatureError("InvalidTokenId", "The security token included in the request is invalid");
  if (claim.by === "header" && Math.abs(options.now - time.ms) > MAX_SKEW_MS)
    throw new SignatureError(
      "RequestTimeTooSkewed",
      "The difference between the request time and the server's time is too large.",
    );
  const headers = signedHeaders(request, claim);
  const key = (options.deriveKey ?? signingKey)(secretKey, claim.scope);
  const { text } = canonicalRequest({
    method: request.method,
    path: request.path,
    query: request.query.filter(([name]) => name !== "X-Amz-Signature"),
    headers,
    payloadHash,
  });
  if (!sameText(signCanonical(key, time.date, claim.scope, text), claim.signature))
    throw new SignatureError(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    );
  return {
    accessKey: claim.accessKey,
    by: claim.by,
    payloadHash,
    signature: claim.signature,
    signingKey: key,
    scope: claim.scope,
    date: time.date,
  };
}

/** Compares two hex signatures in constant time. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function hasQuery(request: IncomingSigned, name: string): boolean {
  return request.query.some(([candidate]) => candidate === name);
}

/** The headers that were signed; what must be signed and was not is refused, as S3 does, since else whoever has a
 *  presigned URL could add `x-amz-copy-source` to it. */
function signedHeaders(request: IncomingSigned, claim: Claim): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of claim.signedHeaders) {
    const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
    if (value === undefined)
      throw new SignatureError(
        "SignatureDoesNotMatch",
        `The signed header ${name} is missing from the request.`,
      );
    headers[name] = value;
  }
  for (const name of Object.keys(request.headers))
    if (
      (name === "host" || name.startsWith("x-amz-")) &&
      !Object.hasOwn(headers, name) &&
      !HARMLESS_UNSIGNED.has(name)
    )
      throw new SignatureError(
        "AccessDenied",
        "There were headers present in the request which were not signed",
      );
  return headers;
}

function parseCredential(credential: string, malformed: SignatureErrorCode): [string, CredentialScope] {
  const pieces = credential.split("/");
  const [date, region, service, terminator] = pieces.slice(-4);
  const accessKey = pieces.slice(0, -4).join("/");
  if (
    !accessKey ||
    !date ||
    !/^\d{8}$/.test(date) ||
    !region ||
    service !== "s3" ||
    terminator !== "aws4_request"
  )
    throw new SignatureError(malformed, "The Credential must be accessKey/YYYYMMDD/region/s3/aws4_request.");
  return [accessKey, { date, region, service }];
}

function parseSignedHeaders(list: string | undefined, malformed: SignatureErrorCode): string[] {
  const names = (list ?? "").split(";");
  if (!names.includes("host") || names.some((name) => !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)))
    throw new SignatureError(malformed, "SignedHeaders must be lower-case names with host among them.");
  return names;
}

function headerClaim(authorization: string): Claim {
  const malformed = "AuthorizationHeaderMalformed";
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length + 1).split(",")) {
    const equals = field.indexOf("=");
    if (equals > 0) fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const signature = fields.get("Signature");
  if (signature === undefined)
    throw new SignatureError(malformed, "The Authorization header lacks a Signature.");
  const [accessKey, scope] = parseCredential(fields.get("Credential") ?? "", malformed);
  const names = parseSignedHeaders(fields.get("SignedHeaders"), malformed);
  return { by: "header", accessKey, scope, signedHeaders: names, signature };
}

function headerDate(headers: Readonly<Record<string, string>>): { date: string; ms: number } {
  const date = headers["x-amz-date"];
  const ms = date === undefined ? Date.parse(headers.date ?? "") : parseAmzDate(date);
  if (ms === null || Number.isNaN(ms))
    throw new SignatureError(
      "MissingDateHeader",
      "AWS authentication requires a valid Date or x-amz-date header",
    );
  return { date: date ?? amzDate(ms), ms };
}

function queryClaim(query: ReadonlyMap<string, string>): Claim {
  const malformed = "AuthorizationQueryParametersError";
  if (query.get("X-Amz-Algorithm") !== ALGORITHM)
    throw new SignatureError(malformed, `X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const signature = query.get("X-Amz-Signature");
  if (!signature) throw new SignatureError(malformed, "The query lacks X-Amz-Signature.");
  const [accessKey, scope] = parseCredential(query.get("X-Amz-Credential") ?? "", malformed);
  const names = parseSignedHeaders(query.get("X-Amz-SignedHeaders"), malformed);
  return { by: "query", accessKey, scope, signedHeaders: names, signature };
}

function queryDate(query: ReadonlyMap<string, string>, now: number): { date: string; ms: number } {
  const malformed = "AuthorizationQueryParametersError";
  const date = query.get("X-Amz-Date") ?? "";
  const ms = parseAmzDate(date);
  if (ms === null) throw new SignatureError(malformed, "X-Amz-Date must be in the form YYYYMMDDTHHMMSSZ.");
  const expires = query.get("X-Amz-Expires") ?? "";
  if (!/^-?\d{1,12}$/.test(expires)) throw new SignatureError(malformed, "X-Amz-Expires should be a number");
  const seconds = Number(expires);
  if (seconds < 0) throw new SignatureError(malformed, "X-Amz-Expires must be non-negative");
  if (seconds > MAX_PRESIGN_SECONDS)
    throw new SignatureError(
      malformed,
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
    );
  if (ms > now + MAX_SKEW_MS) throw new SignatureError("AccessDenied", "Request is not valid yet");
  if (now > ms + seconds * 1000) throw new SignatureError("AccessDenied", "Request has expired");
  return { date, ms };
}

function queryPayload(request: IncomingSigned, query: ReadonlyMap<string, string>): string {
  return request.headers["x-amz-content-sha256"] ?? query.get("X-Amz-Content-Sha256") ?? UNSIGNED_PAYLOAD;
}
