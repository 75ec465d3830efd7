import { AppError, type ErrorDetails } from "#kernel/errors.ts";

/** What an S3 server said: the status counts first, the code refines it; texts are never branched on. */
export interface S3Refusal {
  readonly status: number;
  /** `<Code>` of the answer; "" when the body was empty (HEAD) or no XML. */
  readonly code: string;
  readonly message: string;
  /** For people and logs: `HeadObject`, `UploadPart`, … */
  readonly operation: string;
  readonly key?: string | undefined;
}

const BY_CODE: Readonly<Record<string, (refusal: S3Refusal) => AppError>> = {
  SlowDown: slowDown,
  SlowDownRead: slowDown,
  SlowDownWrite: slowDown,
  ServiceUnavailable: slowDown,
  TooManyRequests: slowDown,
  RequestTimeout: unreachable,
  // Also inside of an answer whose status says that all is well.
  InternalError: unreachable,
  ExpiredToken: (refusal) =>
    make("store.refused", "The store's temporary credentials have expired.", refusal, "reauth"),
  InvalidToken: (refusal) =>
    make("store.refused", "The store does not know these credentials.", refusal, "reauth"),
  RequestTimeTooSkewed: (refusal) =>
    make(
      "upload.clock_skew",
      "This machine's clock and the store's differ too much; set the clock and try again.",
      refusal,
      "backoff",
    ),
  NoSuchUpload: (refusal) =>
    make("upload.gone", "The store has forgotten this upload; start it again.", refusal),
  NoSuchKey: (refusal) => make("not_found", "There is no such object in the store.", refusal),
  NoSuchBucket: (refusal) =>
    make(
      "store.refused",
      "The bucket does not exist; make it, or start the server with keys that may make it.",
      refusal,
    ),
  BadDigest: checksum,
  InvalidDigest: checksum,
  XAmzContentChecksumMismatch: checksum,
  XAmzContentSHA256Mismatch: checksum,
  InvalidPart: parts,
  InvalidPartOrder: parts,
  EntityTooSmall: parts,
  EntityTooLarge: (refusal) =>
    make("upload.too_large", "The object is larger than the store allows.", refusal),
  InvalidAccessKeyId: (refusal) =>
    make("store.refused", "The store does not know this access key; check PLATEMARK_S3_ACCESS_KEY.", refusal),
  SignatureDoesNotMatch: (refusal) =>
    make("store.refused", "The store refuses the signature; check PLATEMARK_S3_SECRET_KEY.", refusal),
  XMinioStorageFull: full,
  InsufficientStorage: full,
};

/** Translates a refusal of an S3 server. Pure. */
export function s3Error(refusal: S3Refusal): AppError {
  const byCode = BY_CODE[refusal.code];
  if (byCode) return byCode(refusal);
  const { status } = refusal;
  if (status === 503 || status === 429) return slowDown(refusal);
  if (status === 507) return full(refusal);
  if (status >= 500 && status !== 501) return unreachable(refusal);
  if (status === 404) return make("not_found", "There is no such object in the store.", refusal);
  if (status === 412) return make("store.precondition_failed", "The object has changed meanwhile.", refusal);
  if (status === 408) return unreachable(refusal);
  return make("store.refused", `The store refuses ${refusal.operation} (${status}).`, refusal);
}

/** A request that got no answer: refused connection, reset, time-out, unknown host. */
export function unreachableStore(endpoint: string, operation: string, cause: unknown): AppError {
  return new AppError("store.unreachable", `The store at ${endpoint} does not answer.`, {
    retry: "backoff",
    details: { operation },
    cause,
  });
}

function slowDown(refusal: S3Refusal): AppError {
  return make("store.slow_down", "The store asks to slow down.", refusal, "backoff");
}

function unreachable(refusal: S3Refusal): AppError {
  return make("store.unreachable", `The store failed with ${refusal.status}.`, refusal, "backoff");
}

function checksum(refusal: S3Refusal): AppError {
  return make("upload.checksum_mismatch", "The store received other bytes than announced.", refusal);
}

function parts(refusal: S3Refusal): AppError {
  return make("conflict", "The parts do not match what the store holds.", refusal);
}

function full(refusal: S3Refusal): AppError {
  return make("disk.full", "The store is full.", refusal, "backoff");
}

function make(
  code: ConstructorParameters<typeof AppError>[0],
  message: string,
  refusal: S3Refusal,
  retry: "never" | "backoff" | "reauth" = "never",
): AppError {
  const details: ErrorDetails = {
    operation: refusal.operation,
    status: refusal.status,
    s3Code: refusal.code,
    ...(refusal.key === undefined ? {} : { key: refusal.key }),
  };
  return new AppError(code, message, { retry, details });
}
