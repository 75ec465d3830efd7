import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "#kernel/logger.ts";
import { DayKeys } from "../sigv4/day-keys.ts";
import { SignatureError } from "../sigv4/signature-error.ts";
import { verifySignature } from "../sigv4/verify.ts";
import { AccessPolicy } from "./access-policy.ts";
import { corsHeaders, OPEN_RULES, parseCors } from "./cors.ts";
import { type Route, route } from "./router.ts";
import { isStorageFull, S3Error } from "./s3-error.ts";
import {
  checkDots,
  checkKey,
  readRequest,
  type S3Request,
  type UnverifiedRequest,
  withHoistedHeaders,
} from "./s3-request.ts";
import { sendError, setHeaders } from "./s3-response.ts";
import type { StoreParts } from "./store-parts.ts";

/** Milliseconds and bytes granted to a sender whose request was refused, to read the answer before the connection ends. */
const REFUSED_BODY_MS = 5000;
const REFUSED_BODY_BYTES = 1024 * 1024;

/** Answers requests: identity, permission, operation, errors. */
export class RequestHandler {
  readonly #parts: StoreParts;
  readonly #logger: Logger;
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #keys = new DayKeys();

  constructor(deps: {
    readonly parts: StoreParts;
    readonly logger: Logger;
    /** Access key → secret key. */
    readonly secrets: ReadonlyMap<string, string>;
  }) {
    this.#parts = deps.parts;
    this.#logger = deps.logger;
    this.#secrets = deps.secrets;
  }

  /** `sendContinue`: the client waits for a word before it sends the body. Never rejects. */
  async handle(incoming: IncomingMessage, response: ServerResponse, sendContinue: boolean): Promise<void> {
    const id = this.#parts.random.uuid().replaceAll("-", "").slice(0, 16).toUpperCase();
    setHeaders(response, {
      "x-amz-request-id": id,
      date: new Date(this.#parts.clock.now()).toUTCString(),
      "accept-ranges": incoming.method === "OPTIONS" ? undefined : "bytes",
    });
    let request: UnverifiedRequest | undefined;
    try {
      request = readRequest(incoming, response, { id, logger: this.#logger });
      this.#answerCors(request);
      if (request.method === "OPTIONS") return this.#preflight(request);
      if (request.key !== null) checkDots(request.key);
      const [verified, found] = this.#admit(request);
      if (sendContinue) response.writeContinue();
      await found.handle(verified, this.#parts);
    } catch (error) {
      this.#refuse(incoming, response, request, id, error);
    }
  }

  #admit(request: UnverifiedRequest): [S3Request, Route] {
    const signer = verifySignature(
      { ...request, query: request.pairs },
      {
        secretOf: (accessKey) => this.#secrets.get(accessKey),
        now: this.#parts.clock.now(),
        deriveKey: this.#keys.derive,
      },
    );
    const complete = signer?.by === "query" ? withHoistedHeaders(request) : request;
    const verified: S3Request = { ...complete, signer };
    if (!signer && request.bucketName === null) throw new S3Error("AccessDenied");
    if (request.key !== null && signer) checkKey(request.key);
    const found = route(verified);
    if (!signer) {
      this.#checkPolicy(request, found);
      if (request.key !== null) checkKey(request.key);
    }
    return [verified, found];
  }

  /** @throws S3Error `AccessDenied` unless the bucket's policy allows it to everybody. */
  #checkPolicy({ bucketName, key }: UnverifiedRequest, { action }: Route): void {
    const policy = bucketName === null ? null : (this.#parts.buckets.find(bucketName)?.policy ?? null);
    if (policy === null || action === null) throw new S3Error("AccessDenied");
    const resource = key === null ? bucketName! : `${bucketName}/${key}`;
    if (!AccessPolicy.parse(policy, bucketName!).allows(action, resource)) throw new S3Error("AccessDenied");
  }

  #corsRules(bucketName: string | null) {
    const cors = bucketName === null ? null : (this.#parts.buckets.find(bucketName)?.cors ?? null);
    return cors === null ? OPEN_RULES : parseCors(cors);
  }

  #answerCors({ headers, method, bucketName, response }: UnverifiedRequest): void {
    if (headers.origin === undefined || method === "OPTIONS") return;
    const question = { origin: headers.origin, method, preflight: false };
    const answer = corsHeaders(this.#corsRules(bucketName), question);
    if (answer) setHeaders(response, answer);
  }

  #preflight({ headers, bucketName, response }: UnverifiedRequest): void {
    const method = headers["access-control-request-method"];
    if (headers.origin === undefined || method === undefined)
      throw new S3Error("BadRequest", {
        message: "Insufficient information. Origin and Access-Control-Request-Method are needed.",
      });
    const answer = corsHeaders(this.#corsRules(bucketName), {
      origin: headers.origin,
      method,
      requestedHeaders: headers["access-control-request-headers"],
      preflight: true,
    });
    if (!answer)
      throw new S3Error("AccessDenied", { message: "CORSResponse: This CORS request is not allowed." });
    setHeaders(response, answer);
    response.writeHead(204);
    response.end();
  }

  #refuse(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: UnverifiedRequest | undefined,
    id: string,
    thrown: unknown,
  ): void {
    const error = toS3Error(thrown);
    const path = request?.path ?? "";
    const method = incoming.method ?? "GET";
    if (error.status >= 500)
      this.#logger.error("store.failed", { requestId: id, method, path, code: error.code, cause: thrown });
    else this.#logger.debug("store.refused", { requestId: id, method, path, code: error.code });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const name of response.getHeaderNames())
      if (/^(content-|x-amz-meta-|x-amz-checksum-|last-modified)/.test(name)) response.removeHeader(name);
    if (!incoming.complete) endAfterAnswer(incoming, response);
    const bucketName = request?.bucketName ?? null;
    sendError(response, error, { id, method, path, bucketName, key: request?.key ?? null });
  }
}

/** The protocol's error for anything thrown. Pure. */
export function toS3Error(thrown: unknown): S3Error {
  if (thrown instanceof S3Error) return thrown;
  if (thrown instanceof SignatureError) {
    const { message } = thrown;
    if (thrown.code === "MissingDateHeader") return new S3Error("AccessDenied", { message, status: 400 });
    return new S3Error(thrown.code, { message });
  }
  if (isStorageFull(thrown)) return new S3Error("XMinioStorageFull", { cause: thrown });
  return new S3Error("InternalError", { cause: thrown });
}

/** A refused body may be gigabytes: take a little of it, so that the answer gets through, then hang up. */
function endAfterAnswer(incoming: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
  const { socket } = incoming;
  let seen = 0;
  const timer = setTimeout(() => socket.destroy(), REFUSED_BODY_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  incoming.on("error", () => undefined);
  incoming.on("data", (bytes: Buffer) => {
    seen += bytes.length;
    if (seen > REFUSED_BODY_BYTES && response.writableFinished) socket.destroy();
  });
  incoming.resume();
}
