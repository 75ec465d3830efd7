/** Every error code the product can show, log or branch on. Closed: a new failure gets a new code here. */
export const ERROR_CODES = [
  "aborted",
  "internal",
  "invalid_argument",
  "not_found",
  "already_exists",
  "conflict",
  "permission_denied",
  "unauthenticated",
  "resource_exhausted",
  "unavailable",
  "deadline_exceeded",
  "config.invalid",
  "home.locked",
  "disk.full",
  "file.unreadable",
  "file.unwritable",
  "file.vanished",
  "file.changed",
  "file.empty",
  "picture.unsupported_heic",
  "picture.unsupported_raw",
  "picture.unsupported",
  "picture.truncated",
  "picture.corrupt",
  "picture.too_large",
  "picture.glyph_missing",
  "upload.too_many_parts",
  "upload.too_large",
  "upload.checksum_mismatch",
  "upload.size_mismatch",
  "upload.gone",
  "upload.expired_url",
  "upload.clock_skew",
  "store.unreachable",
  "store.slow_down",
  "store.refused",
  "store.precondition_failed",
  "mark.failed",
  "template.unknown",
  "mark.gave_up",
  "proof.failed",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What a caller may do about an error: nothing, try again later, or fetch new credentials first. */
export type Retry = "never" | "backoff" | "reauth";

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

export interface AppErrorOptions {
  /** @default "never" */
  readonly retry?: Retry;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** The one error type that crosses a room's border. Branch on `code`, never on `message`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(redactUrls(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? "never";
    this.details = options.details ?? {};
  }

  /** Wraps anything thrown; an `AppError` passes through, an abort becomes `aborted`. */
  static from(error: unknown, fallback: ErrorCode = "internal"): AppError {
    if (error instanceof AppError) return error;
    if (error instanceof Error && error.name === "AbortError")
      return new AppError("aborted", "The work was cancelled.", { cause: error });
    const message = error instanceof Error ? error.message : String(error);
    return new AppError(fallback, message, { cause: error });
  }
}

/** The form an error has over IPC and JSON. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails | undefined;
}

export function toErrorBody(error: unknown): ErrorBody {
  const { code, message, details } = AppError.from(error);
  return { code, message, details };
}

export function isErrorCode(value: string): value is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(value);
}

/** Removes the query and any user info of every URL in a text, so that no signature reaches a log or a person. */
export function redactUrls(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, "$1")
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s?#"']*)\?[^\s"']*/gi, "$1");
}
