/** A small text file that others change while the server runs. */
export interface WatchedFile {
  readonly path: string;
  /** `null`: it is not there. @throws AppError `file.unreadable`, `file.changed` (is being written), `invalid_argument`
   *  (larger than any such file). */
  read(): Promise<string | null>;
  /** All or nothing, also in a crash. @throws AppError `disk.full`, `unavailable`. */
  write(text: string): Promise<void>;
  /** Resolves when the file may have changed since the last time and rests; when the signal fires. Never rejects. */
  changed(options: { readonly signal: AbortSignal }): Promise<void>;
}
