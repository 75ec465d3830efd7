/** A limit that all workers of one installation share. */
export interface RateLimiter {
  /** Resolves when one more may start. @throws AppError `aborted`. */
  acquire(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  close(): Promise<void>;
}
