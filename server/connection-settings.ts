import type { ProofPrivateKey } from "#imaging/proof/sign-record.ts";

/** Where one installation's parts are. Plain data: it is handed to child processes as a message. */
export interface ConnectionSettings {
  readonly database:
    | { readonly kind: "sqlite"; readonly path: string }
    | { readonly kind: "postgres"; readonly url: string };
  /** `database`: a table in that database. */
  readonly queue: { readonly kind: "database" } | { readonly kind: "redis"; readonly url: string };
  readonly store: {
    /** Without a path, for example `http://127.0.0.1:9000`. */
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly accessKey: string;
    readonly secretKey: string;
  };
  /** Marks a second over all workers; 0: no limit. */
  readonly markQps: number;
}

/** What the worker process is told first. */
export interface WorkerSettings {
  readonly connections: ConnectionSettings;
  /** Pictures marked at once. */
  readonly concurrency: number;
  /** Decoded pictures held at once, over all threads. */
  readonly memoryBudgetBytes: number;
  /** Signs the proofs. */
  readonly proofKey: ProofPrivateKey;
  /** Of this program; stands in the proofs. */
  readonly version: string;
  /** For files that exist for a moment. @default the system's folder for such files */
  readonly tempDir?: string;
  /** Where its spans go; see the setting `otlpEndpoint`. @default nowhere */
  readonly otlpEndpoint?: string | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
}
