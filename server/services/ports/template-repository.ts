export interface StoredTemplate {
  /** SHA-256 of `operator`, lower-case hex. */
  readonly version: string;
  readonly name: string;
  /** Canonical JSON of a `MarkOperator`. */
  readonly operator: string;
  readonly createdAtMs: number;
}

/** Compiled templates by version. Only grows: what a job has pinned stays. */
export interface TemplateRepository {
  /** The same version again changes nothing. */
  put(template: Omit<StoredTemplate, "createdAtMs">): Promise<void>;
  get(version: string): Promise<StoredTemplate | null>;
  /** Which of these are kept. */
  known(versions: readonly string[]): Promise<ReadonlySet<string>>;
}
