import type { MediaState } from "#contracts/media-state.ts";
import type { ErrorBody } from "#kernel/errors.ts";
import type { ConfirmedPart, SignedRequest } from "#upload/ports.ts";

/** A picture as the server knows it. */
export interface RemoteMedia {
  readonly id: string;
  readonly state: MediaState;
  readonly objectKey: string;
  /** `null` until marked. */
  readonly markedKey: string | null;
  readonly error: ErrorBody | null;
  /** Grows by one with each change. */
  readonly version: number;
}

export interface Announcement {
  readonly fileName: string;
  readonly size: number;
  readonly contentType: string;
  readonly sha256: string;
  readonly traceId: string;
  /** Canonical JSON of a `Mark`. */
  readonly markSpec: string;
}

/** The server's answer to one announcement. */
export type Ticket =
  | {
      readonly kind: "put";
      readonly mediaId: string;
      readonly objectKey: string;
      readonly request: SignedRequest;
    }
  | {
      readonly kind: "multipart";
      readonly mediaId: string;
      readonly objectKey: string;
      readonly uploadId: string;
      readonly partSize: number;
    }
  | { readonly kind: "already"; readonly media: RemoteMedia }
  | { readonly kind: "error"; readonly error: ErrorBody };

export interface Completion {
  readonly mediaId: string;
  /** `null` for a single PUT. */
  readonly uploadId: string | null;
  readonly parts: readonly ConfirmedPart[];
}

export type Completed =
  | { readonly kind: "media"; readonly media: RemoteMedia }
  | { readonly kind: "error"; readonly error: ErrorBody };

export interface ServerFacts {
  /** Names the server's data. */
  readonly serverId: string;
  readonly version: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly nowMs: number;
}

interface Cancellable {
  readonly signal: AbortSignal;
}

/**
 * What the studio asks of a server. Batches answer in the order of the request.
 * @throws AppError `unavailable`, `deadline_exceeded`, `resource_exhausted` (all backoff), `unauthenticated`,
 *   `permission_denied`, `upload.gone`, and what a call names.
 */
export interface ControlPlane {
  health(options: Cancellable): Promise<ServerFacts>;
  /** At most 1,000. */
  announce(items: readonly Announcement[], options: Cancellable): Promise<readonly Ticket[]>;
  /** Has the server keep a compiled template (JSON of a `MarkOperator`); again is no harm. Answers its version. */
  putTemplate(operator: string, options: Cancellable): Promise<string>;
  signParts(
    upload: { readonly mediaId: string; readonly uploadId: string },
    parts: readonly { readonly partNumber: number; readonly size: number }[],
    options: Cancellable,
  ): Promise<readonly (SignedRequest & { readonly partNumber: number })[]>;
  listParts(
    upload: { readonly mediaId: string; readonly uploadId: string },
    options: Cancellable,
  ): Promise<readonly ConfirmedPart[]>;
  /** At most 100. */
  complete(items: readonly Completion[], options: Cancellable): Promise<readonly Completed[]>;
  /** At most 1,000 ids; `sequence` is where a watch goes on from here. */
  media(
    ids: readonly string[],
    options: Cancellable,
  ): Promise<{ readonly items: readonly RemoteMedia[]; readonly sequence: bigint }>;
  /** Changes above `afterSequence`, in order; ends only with an error. Empty batches are heartbeats. */
  watch(
    afterSequence: bigint,
    options: Cancellable,
  ): AsyncIterable<{ readonly items: readonly RemoteMedia[]; readonly sequence: bigint }>;
  /** A URL to read an object for a short time. */
  downloadUrl(mediaId: string, marked: boolean, options: Cancellable): Promise<string>;
}
