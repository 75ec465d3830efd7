import { AppError } from "./errors.ts";

/** The reason of an aborted signal as an `AppError` with code `aborted` (or the AppError it was aborted with). */
export function abortReason(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError("aborted", "The work was cancelled.", { cause: signal.reason });
}

/** @throws AppError `aborted` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}
