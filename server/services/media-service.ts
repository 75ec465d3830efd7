import type { MediaState } from "#contracts/media-state.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Bell } from "./bell.ts";
import type { Caller } from "./caller.ts";
import type { MediaTail } from "./media-tail.ts";
import { type PictureReference, referredPicture } from "./picture-reference.ts";
import type { MediaRepository, MediaRow } from "./ports/media-repository.ts";
import type { ObjectStore, PresignedRequest } from "./ports/object-store.ts";
import type { Snapshot, SwapLedger } from "./ports/swap-ledger.ts";
import { rollBack } from "./rollback.ts";
import type { CallOptions } from "./upload-deps.ts";

export interface MediaDeps {
  readonly repository: MediaRepository;
  readonly store: ObjectStore;
  readonly ledger: SwapLedger;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Rung after each commit of this process. */
  readonly commits: Bell;
  readonly tail: MediaTail;
}

/** Changes up to `sequence`; none: a heartbeat. */
export interface MediaChanges {
  readonly rows: readonly MediaRow[];
  readonly sequence: number;
}

/** A picture and what it was. */
export interface PictureSnapshots {
  readonly media: MediaRow;
  /** `atMs`: when it was replaced. */
  readonly snapshots: readonly (Snapshot & { readonly atMs: number })[];
}

const MAX_IDS = 1_000;
const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
const DOWNLOAD_SECONDS = 300;
const HEARTBEAT_MS = 15_000;

/** What state pictures are in. */
export class MediaService {
  readonly #deps: MediaDeps;

  constructor(deps: MediaDeps) {
    this.#deps = deps;
  }

  /** The rows of the caller, and the sequence number up to which they are at least current.
   *  @throws AppError `invalid_argument` above 1,000 ids. */
  async get(caller: Caller, ids: readonly string[]): Promise<MediaChanges> {
    if (ids.length > MAX_IDS)
      throw new AppError("invalid_argument", `At most ${MAX_IDS} ids a call, not ${ids.length}.`);
    const sequence = await this.#deps.repository.lastSequence();
    return { rows: await this.#deps.repository.get(ids, { owner: caller.user }), sequence };
  }

  /** Newest first. `pageSize` 0: 100. @throws AppError `invalid_argument` */
  async list(
    caller: Caller,
    query: { readonly pageSize: number; readonly pageToken: string; readonly states: readonly MediaState[] },
  ): Promise<{ readonly rows: readonly MediaRow[]; readonly nextPageToken: string | null }> {
    const pageSize = query.pageSize === 0 ? DEFAULT_PAGE_SIZE : query.pageSize;
    if (pageSize > MAX_PAGE_SIZE)
      throw new AppError(
        "invalid_argument",
        `A page has at most ${MAX_PAGE_SIZE} pictures, not ${pageSize}.`,
      );
    return this.#deps.repository.list({
      owner: caller.user,
      pageSize,
      ...(query.pageToken === "" ? {} : { pageToken: query.pageToken }),
      ...(query.states.length === 0 ? {} : { states: query.states }),
    });
  }

  /** The original, the marked picture, or its proof record.
   *  @throws AppError `not_found` when there is no such picture, or no marked one yet. */
  async signDownload(
    caller: Caller,
    request: { readonly mediaId: string; readonly marked: boolean; readonly proof: boolean },
  ): Promise<PresignedRequest> {
    const { repository, store } = this.#deps;
    const row = await referredPicture(repository, caller, request);
    const key = request.proof
      ? (row.published?.proofKey ?? null)
      : request.marked
        ? row.markedKey
        : row.objectKey;
    if (key === null) throw new AppError("not_found", "This picture is not marked yet.");
    return store.presignGet(key, { expiresSeconds: DOWNLOAD_SECONDS });
  }

  /** What was visible before, newest first. @throws AppError `not_found`. */
  async snapshots(caller: Caller, reference: PictureReference): Promise<PictureSnapshots> {
    const media = await referredPicture(this.#deps.repository, caller, reference);
    const swaps = await this.#deps.ledger.snapshotsOf(media.id);
    return { media, snapshots: swaps.map(({ snapshot, atMs }) => ({ ...snapshot, atMs })) };
  }

  /** Makes a snapshot visible again, see `rollBack`. @param to A snapshot's key; "": the latest.
   *  @throws AppError `not_found`, `conflict`. */
  async rollBack(
    caller: Caller,
    reference: PictureReference,
    to: string,
    options: CallOptions,
  ): Promise<MediaRow> {
    const { random, commits } = this.#deps;
    const { media, snapshots } = await this.snapshots(caller, reference);
    const snapshot = to === "" ? snapshots[0] : snapshots.find(({ key }) => key === to);
    if (!snapshot)
      throw new AppError(
        "not_found",
        to === ""
          ? "Nothing is kept that this picture was before."
          : "This picture has no such snapshot; it may have been cleaned up.",
      );
    const logger = options.logger ?? this.#deps.logger;
    const { signal } = options;
    const rolledBack = await rollBack({ ...this.#deps, logger }, media, snapshot, {
      id: random.uuid(),
      signal,
    });
    commits.ring();
    logger.info("media.rolled_back", { mediaId: media.id, traceId: media.traceId, to: snapshot.key });
    return rolledBack;
  }

  /** Every change of the caller's pictures above `afterSequence`, once and in order; ends when `signal` fires. */
  async *watch(caller: Caller, afterSequence: number, signal: AbortSignal): AsyncGenerator<MediaChanges> {
    yield { rows: [], sequence: afterSequence };
    const following = this.#deps.tail.follow(caller.user, afterSequence, {
      signal,
      heartbeatMs: HEARTBEAT_MS,
    });
    for await (const { events, sequence } of following)
      yield { rows: events.map(({ media }) => media), sequence };
  }
}
