import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { ErrorInfoSchema } from "#gen/errors_pb.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { RetryInfoSchema } from "#standard/google/rpc/error_details_pb.ts";

/** One row of the table: what an error is called over gRPC (and gRPC-Web, Connect), and its HTTP status in JSON. */
export interface ErrorRow {
  readonly grpc: Code;
  readonly http: number;
}

const CANCELED: ErrorRow = { grpc: Code.Canceled, http: 499 };
const INVALID: ErrorRow = { grpc: Code.InvalidArgument, http: 400 };
const DEADLINE: ErrorRow = { grpc: Code.DeadlineExceeded, http: 504 };
const NOT_FOUND: ErrorRow = { grpc: Code.NotFound, http: 404 };
const EXISTS: ErrorRow = { grpc: Code.AlreadyExists, http: 409 };
const DENIED: ErrorRow = { grpc: Code.PermissionDenied, http: 403 };
const EXHAUSTED: ErrorRow = { grpc: Code.ResourceExhausted, http: 429 };
const PRECONDITION: ErrorRow = { grpc: Code.FailedPrecondition, http: 400 };
const CONFLICT: ErrorRow = { grpc: Code.Aborted, http: 409 };
const INTERNAL: ErrorRow = { grpc: Code.Internal, http: 500 };
const UNAVAILABLE: ErrorRow = { grpc: Code.Unavailable, http: 503 };
const UNAUTHENTICATED: ErrorRow = { grpc: Code.Unauthenticated, http: 401 };

/** Error → gRPC code → HTTP status (spec.md G4). The HTTP column is the one that the Connect protocol lays down. */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  aborted: CANCELED,
  internal: INTERNAL,
  invalid_argument: INVALID,
  not_found: NOT_FOUND,
  already_exists: EXISTS,
  conflict: CONFLICT,
  permission_denied: DENIED,
  unauthenticated: UNAUTHENTICATED,
  resource_exhausted: EXHAUSTED,
  unavailable: UNAVAILABLE,
  deadline_exceeded: DEADLINE,
  "config.invalid": PRECONDITION,
  "home.locked": PRECONDITION,
  "disk.full": EXHAUSTED,
  "file.unreadable": PRECONDITION,
  "file.unwritable": PRECONDITION,
  "file.vanished": NOT_FOUND,
  "file.changed": PRECONDITION,
  "file.empty": INVALID,
  "picture.unsupported_heic": INVALID,
  "picture.unsupported_raw": INVALID,
  "picture.unsupported": INVALID,
  "picture.truncated": INVALID,
  "picture.corrupt": INVALID,
  "picture.too_large": INVALID,
  "picture.glyph_missing": INVALID,
  "upload.too_many_parts": INVALID,
  "upload.too_large": INVALID,
  "upload.checksum_mismatch": PRECONDITION,
  "upload.size_mismatch": PRECONDITION,
  "upload.gone": NOT_FOUND,
  "upload.expired_url": PRECONDITION,
  "upload.clock_skew": PRECONDITION,
  "store.unreachable": UNAVAILABLE,
  "store.slow_down": UNAVAILABLE,
  "store.refused": PRECONDITION,
  "store.precondition_failed": PRECONDITION,
  "template.unknown": NOT_FOUND,
  "mark.failed": INTERNAL,
  "mark.gave_up": INTERNAL,
  "proof.failed": INTERNAL,
};

/** Messages of these name what went wrong inside; that is for the log, not for callers. */
const KEPT_INSIDE: readonly ErrorCode[] = ["internal", "unauthenticated"];
const PUBLIC_MESSAGE: Partial<Record<ErrorCode, string>> = {
  internal: "Something went wrong on the server; the log names it by the request id.",
  unauthenticated: "Not signed in, or the token is not valid any more.",
};

/** What a caller may read of an error. */
export function publicMessage(error: AppError): string {
  return KEPT_INSIDE.includes(error.code) ? (PUBLIC_MESSAGE[error.code] ?? error.message) : error.message;
}

/** The HTTP status of a code on the JSON side: the one that the Connect protocol lays down ("Error codes"). */
export function httpStatusOf(code: Code): number {
  return codeToHttpStatus(code);
}

/** The error as Connect sends it, the product's own code as a typed detail. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  const failure = AppError.from(error);
  const info = { desc: ErrorInfoSchema, value: errorInfo(failure) };
  const { grpc } = ERROR_TABLE[failure.code];
  // Half a character would break the spelling of headers.
  const message = publicMessage(failure).toWellFormed();
  const waitMs = retryAfterMs(failure);
  if (waitMs === null) return new ConnectError(message, grpc, undefined, [info], failure);
  const retry = { desc: RetryInfoSchema, value: { retryDelay: durationFromMs(waitMs) } };
  // gRPC's own clients wait for so long before they try again (gRFC A6, "Pushback").
  const metadata = { "grpc-retry-pushback-ms": String(waitMs) };
  return new ConnectError(message, grpc, metadata, [info, retry], failure);
}

/** The same details in JSON, each a google.protobuf.Any. */
export function errorDetails(failure: AppError): readonly Readonly<Record<string, unknown>>[] {
  const info = { "@type": `type.googleapis.com/${ErrorInfoSchema.typeName}`, ...errorInfo(failure) };
  const waitMs = retryAfterMs(failure);
  if (waitMs === null) return [info];
  const retryDelay = `${waitMs / 1000}s`;
  return [info, { "@type": `type.googleapis.com/${RetryInfoSchema.typeName}`, retryDelay }];
}

/** How long a caller is asked to wait, in milliseconds; `null`: nobody says. */
export function retryAfterMs(error: unknown): number | null {
  const failure = error instanceof ConnectError ? error.cause : error;
  const waitMs = failure instanceof AppError ? failure.details.retryAfterMs : undefined;
  return typeof waitMs === "number" && waitMs >= 0 ? waitMs : null;
}

function errorInfo({ code, retry }: AppError) {
  return { code, retry };
}
