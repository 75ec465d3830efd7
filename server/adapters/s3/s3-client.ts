import { Readable } from "node:stream";
import { Pool } from "undici";
import { abortReason } from "#kernel/cancellation.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { DayKeys } from "../../sigv4/day-keys.ts";
import { presignUrl, signRequest } from "../../sigv4/sign.ts";
import { EMPTY_SHA256, sha256Hex } from "../../sigv4/signature.ts";
import { canonicalQuery, uriEncode, uriEncodePath } from "../../sigv4/uri-encoding.ts";
import { s3Error, unreachableStore } from "./s3-error.ts";
import { parseError } from "./s3-xml.ts";

export interface S3Location {
  /** Without a path, for example `http://127.0.0.1:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface S3ClientDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What each request says of whom it is made for; not signed, for whoever is on the way may change it. */
  readonly outgoing?: () => Readonly<Record<string, string>>;
}

export interface S3Request {
  /** For errors and logs, as S3 names it: `HeadObject`. */
  readonly operation: string;
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Undefined: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent once: a connection that breaks is not tried again. */
  readonly body?: Uint8Array | Readable;
  /** Lower-case hex SHA-256 of the body. @default computed, which a stream does not allow */
  readonly payloadSha256?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface S3Answer {
  readonly status: number;
  header(name: string): string | undefined;
  headers(): Iterable<readonly [name: string, value: string]>;
  /** Unread; the caller reads or destroys it. */
  readonly body: Readable;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;
/** Completing 10,000 parts may take a server minutes. */
const COMPLETE_TIMEOUT_MS = 300_000;
const CONNECTIONS = 64;
const ERROR_BODY_LIMIT = 64 * 1024;
/** A connection that the server closed while it idled fails at the first use; one more try takes a fresh one. */
const STALE_CONNECTION = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/** Signed requests to one S3 endpoint, path style, over kept-alive connections. */
export class S3Client {
  readonly #location: S3Location;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #outgoing: () => Readonly<Record<string, string>>;
  readonly #url: URL;
  readonly #pool: Pool;
  readonly #keys = new DayKeys();
  /** The store's clock minus ours; learnt from its `Date` when it refuses our time (pitfall 5). */
  #offsetMs = 0;

  constructor(location: S3Location, deps: S3ClientDeps) {
    this.#location = location;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#outgoing = deps.outgoing ?? (() => ({}));
    this.#url = new URL(location.endpoint);
    this.#pool = new Pool(this.#url.origin, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: COMPLETE_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      keepAliveTimeout: 10_000,
    });
  }

  /** @throws AppError as `s3Error` maps refusals; `store.unreachable`; `aborted`. */
  async send(request: S3Request): Promise<S3Answer> {
    const answer = await this.#attempt(request);
    if (answer.status < 300) return answer;
    const refusal = { ...(await readError(answer)), status: answer.status };
    if (refusal.code === "RequestTimeTooSkewed" && this.#learnOffset(answer.header("date"))) {
      const again = await this.#attempt(request);
      if (again.status < 300) return again;
      Object.assign(refusal, await readError(again), { status: again.status });
    }
    throw s3Error({ ...refusal, operation: request.operation, key: request.key });
  }

  /** As `send`, the body read as text. An error inside a 200 answer (CompleteMultipartUpload) is thrown, too. */
  async sendForText(request: S3Request): Promise<string> {
    const answer = await this.send(request);
    const body = await readText(answer.body, request, this.#location.endpoint);
    const error = parseError(body);
    if (error.code)
      throw s3Error({ ...error, status: answer.status, operation: request.operation, key: request.key });
    return body;
  }

  /** A URL that others may use with exactly `headers` for `expiresSeconds`. */
  presign(request: {
    readonly method: "GET" | "PUT";
    readonly key: string;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly expiresSeconds: number;
  }): string {
    const { accessKey, secretKey, region } = this.#location;
    return presignUrl({
      method: request.method,
      url: `${this.#url.origin}${pathAndQuery(this.#path(request.key), request.query)}`,
      headers: request.headers,
      expiresSeconds: request.expiresSeconds,
      credentials: { accessKey, secretKey },
      region,
      deriveKey: this.#keys.derive,
      now: this.#clock.now() + this.#offsetMs,
    });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #attempt(request: S3Request): Promise<S3Answer> {
    try {
      return await this.#once(request);
    } catch (error) {
      if (request.signal?.aborted) throw abortReason(request.signal);
      const code = (error as { code?: unknown }).code;
      if (
        typeof code !== "string" ||
        !STALE_CONNECTION.has(code) ||
        request.method === "POST" ||
        request.body instanceof Readable
      )
        throw unreachableStore(this.#url.origin, request.operation, error);
    }
    try {
      return await this.#once(request);
    } catch (error) {
      if (request.signal?.aborted) throw abortReason(request.signal);
      throw unreachableStore(this.#url.origin, request.operation, error);
    }
  }

  async #once(request: S3Request): Promise<S3Answer> {
    const { accessKey, secretKey, region } = this.#location;
    const path = pathAndQuery(this.#path(request.key), request.query);
    const headers = signRequest({
      method: request.method,
      url: `${this.#url.origin}${path}`,
      headers: request.headers ?? {},
      payloadHash: payloadHash(request),
      credentials: { accessKey, secretKey },
      region,
      deriveKey: this.#keys.derive,
      now: this.#clock.now() + this.#offsetMs,
    });
    const response = await this.#pool.request({
      method: request.method,
      path,
      headers: { ...this.#outgoing(), ...headers },
      body: request.body ?? null,
      signal: request.signal ?? null,
      headersTimeout:
        request.operation === "CompleteMultipartUpload" ? COMPLETE_TIMEOUT_MS : ANSWER_TIMEOUT_MS,
    });
    const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
    return {
      status: response.statusCode,
      header: (name) => first(response.headers[name]),
      headers: () =>
        Object.entries(response.headers).map(([name, value]) => [name, first(value) ?? ""] as const),
      body: response.body,
    };
  }

  #path(key: string | undefined): string {
    const bucket = `/${uriEncode(this.#location.bucket)}`;
    return key === undefined ? bucket : `${bucket}/${uriEncodePath(key)}`;
  }

  #learnOffset(date: string | undefined): boolean {
    const theirs = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs)) return false;
    this.#offsetMs = theirs - this.#clock.now();
    this.#logger.warn("store.clock_skew", { offsetMs: this.#offsetMs });
    return true;
  }
}

function payloadHash({ body, payloadSha256 }: S3Request): string {
  if (payloadSha256 !== undefined) return payloadSha256;
  if (body instanceof Readable) throw new AppError("internal", "A stream's SHA-256 must be given.");
  return body ? sha256Hex(body) : EMPTY_SHA256;
}

function pathAndQuery(path: string, query: Readonly<Record<string, string>> = {}): string {
  const text = canonicalQuery(Object.entries(query));
  return text ? `${path}?${text}` : path;
}

async function readError(answer: S3Answer): Promise<{ code: string; message: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > ERROR_BODY_LIMIT) break;
    }
  } catch {
    return { code: "", message: "" };
  }
  return parseError(Buffer.concat(chunks).toString("utf8"));
}

async function readText(body: Readable, request: S3Request, endpoint: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    if (request.signal?.aborted) throw abortReason(request.signal);
    throw unreachableStore(new URL(endpoint).origin, request.operation, error);
  }
}
