/** One change of what the server allows: who, when, from what, to what. */
export interface AuditEntry {
  readonly atMs: number;
  /** A user, or `file` where a file was edited. */
  readonly actor: string;
  /** `noun.verb`, as in the log. */
  readonly action: string;
  /** "" where no request caused it. */
  readonly requestId: string;
  /** JSON of what was in force before. */
  readonly before: string;
  readonly after: string;
}

/** What is never changed, only added to. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  latest(limit: number): Promise<readonly AuditEntry[]>;
}
