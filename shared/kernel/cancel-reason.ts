import { AppError, type ErrorCode, type Retry } from "./errors.ts";

/**
 * Why a call was ended from outside (spec.md G8). Closed.
 * - `client_cancelled`: the client took the call back, in words of its protocol.
 * - `client_gone`: its connection ended; over HTTP/1.1 that is all a client can say.
 * - `deadline`: the time that the client, or the method's policy, gave it.
 * - `draining`: the server stops; another try finds it again, or another one.
 * - `too_slow`: the client did not take what it asked for.
 */
export const CANCEL_REASONS = [
  "client_cancelled",
  "client_gone",
  "deadline",
  "draining",
  "too_slow",
] as const;
export type CancelReason = (typeof CANCEL_REASONS)[number];

const MEANING: Readonly<Record<CancelReason, readonly [ErrorCode, Retry, string]>> = {
  client_cancelled: ["aborted", "never", "The caller cancelled the call."],
  client_gone: ["aborted", "never", "The caller's connection ended."],
  deadline: ["deadline_exceeded", "backoff", "The call took longer than it was given."],
  draining: ["unavailable", "backoff", "The server is being stopped."],
  too_slow: ["resource_exhausted", "backoff", "The caller was too slow to take what it asked for."],
};

/** What a call's `signal.reason` is, on the server: it says who ended it. */
export class Cancelled extends AppError {
  readonly reason: CancelReason;

  constructor(reason: CancelReason, message?: string) {
    const [code, retry, usual] = MEANING[reason];
    super(code, message ?? usual, { retry, details: { reason } });
    this.reason = reason;
  }
}

/** Whether the caller cannot hear an answer any more. */
export function isUnheard(reason: CancelReason): boolean {
  return reason === "client_cancelled" || reason === "client_gone";
}
