import { AppError } from "#kernel/errors.ts";
import {
  ALGORITHM,
  amzDate,
  type CredentialScope,
  canonicalRequest,
  MAX_PRESIGN_SECONDS,
  type SigningKey,
  scopeText,
  signCanonical,
  signingKey,
  UNSIGNED_PAYLOAD,
} from "./signature.ts";
import { parseQuery, uriDecode } from "./uri-encoding.ts";

export interface SigningCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string | undefined;
}

interface Signable {
  readonly method: string;
  /** `http(s)://host[:port]/path[?query]`, percent-encoded. Dot segments stay as they are. */
  readonly url: string;
  /** All of them are signed, `host` always; the sender must send exactly these. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials: SigningCredentials;
  readonly region: string;
  /** @default "s3" */
  readonly service?: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly now: number;
  /** Derives the day's key, or remembers it: half of the cost of a signature. @default signingKey */
  readonly deriveKey?: (secretKey: string, scope: CredentialScope) => SigningKey;
}

export interface SignRequestInput extends Signable {
  /** Hex SHA-256 of the body, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-…` literals. */
  readonly payloadHash: string;
}

export interface PresignInput extends Signable {
  /** 1 to 604,800. */
  readonly expiresSeconds: number;
}

interface SplitUrl {
  readonly origin: string;
  readonly host: string;
  readonly path: string;
  readonly query: [string, string][];
}

/** Takes a URL apart by hand, because `URL` would fold `.` and `..` segments, which are ordinary parts of a key. */
function splitUrl(url: string): SplitUrl {
  const match = /^((https?):\/\/([^/?#@]+))([^?#]*)(?:\?([^#]*))?$/.exec(url);
  if (!match) throw new AppError("invalid_argument", "Only absolute http and https URLs can be signed.");
  const [, origin, scheme, authority, path, query] = match;
  const host = authority!.replace(scheme === "https" ? /:443$/ : /:80$/, "");
  try {
    return { origin: origin!, host, path: uriDecode(path || "/"), query: parseQuery(query ?? "") };
  } catch (cause) {
    throw new AppError("invalid_argument", "The URL to be signed has a malformed escape.", { cause });
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * Signs a request by header (Signature V4). Answers all headers to send, names in lower case: those given,
 * `authorization`, `x-amz-date`, `x-amz-content-sha256` and, with temporary credentials, `x-amz-security-token`.
 * `host` is signed, but answered only when it was given. Pure.
 * @throws AppError `invalid_argument` for a URL that is not absolute http(s).
 */
export function signRequest(input: SignRequestInput): Record<string, string> {
  const { host, path, query } = splitUrl(input.url);
  const date = amzDate(input.now);
  const scope = { date: date.slice(0, 8), region: input.region, service: input.service ?? "s3" };
  const headers: Record<string, string> = {
    ...lowerCased(input.headers ?? {}),
    "x-amz-date": date,
    "x-amz-content-sha256": input.payloadHash,
  };
  if (input.credentials.sessionToken !== undefined)
    headers["x-amz-security-token"] = input.credentials.sessionToken;
  const { text, signedHeaders } = canonicalRequest({
    method: input.method,
    path,
    query,
    headers: { host, ...headers },
    payloadHash: input.payloadHash,
  });
  const signature = signCanonical(
    (input.deriveKey ?? signingKey)(input.credentials.secretKey, scope),
    date,
    scope,
    text,
  );
  const credential = `${input.credentials.accessKey}/${scopeText(scope)}`;
  headers.authorization = `${ALGORITHM} Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
  return headers;
}

/**
 * A URL that whoever has it may use until it expires, with exactly `headers` (Signature V4 by query).
 * The body is not signed unless `headers` carry `x-amz-content-sha256`. Pure.
 * @throws AppError `invalid_argument` for a lifetime outside of 1 to 604,800 s, or a URL that is not absolute http(s).
 */
export function presignUrl(input: PresignInput): string {
  const { expiresSeconds } = input;
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > MAX_PRESIGN_SECONDS)
    throw new AppError("invalid_argument", "A presigned URL lives 1 to 604,800 seconds.");
  const { origin, host, path, query } = splitUrl(input.url);
  const date = amzDate(input.now);
  const scope = { date: date.slice(0, 8), region: input.region, service: input.service ?? "s3" };
  const headers: Record<string, string> = { host, ...lowerCased(input.headers ?? {}) };
  query.push(
    ["X-Amz-Algorithm", ALGORITHM],
    ["X-Amz-Credential", `${input.credentials.accessKey}/${scopeText(scope)}`],
    ["X-Amz-Date", date],
    ["X-Amz-Expires", String(expiresSeconds)],
    ["X-Amz-SignedHeaders", Object.keys(headers).sort().join(";")],
  );
  if (input.credentials.sessionToken !== undefined)
    query.push(["X-Amz-Security-Token", input.credentials.sessionToken]);
  const { text, encodedPath, encodedQuery } = canonicalRequest({
    method: input.method,
    path,
    query,
    headers,
    payloadHash: headers["x-amz-content-sha256"] ?? UNSIGNED_PAYLOAD,
  });
  const signature = signCanonical(
    (input.deriveKey ?? signingKey)(input.credentials.secretKey, scope),
    date,
    scope,
    text,
  );
  return `${origin}${encodedPath}?${encodedQuery}&X-Amz-Signature=${signature}`;
}
