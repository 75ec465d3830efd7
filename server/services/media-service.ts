import type { MediaState } from "#contracts/media-state.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Bell } from "./bell.ts";
import { assertAllowed, type Caller } from "./caller.ts";
import type { MediaRepository, MediaRow } from "./ports/media-repository.ts";
import type { ObjectStore, PresignedRequest } from "./ports/object-store.ts";

export interface MediaDeps {
  readonly repository: MediaRepository;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Rung after each commit of this process. */
  readonly commits: Bell;
}

/** Changes up to `sequence`; none: a heartbeat. */
export interface MediaChanges {
  readonly rows: readonly MediaRow[];
  readonly sequence: number;
}

const MAX_IDS = 1_000;
const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
const DOWNLOAD_SECONDS = 300;
const CHANGES_AT_ONCE = 500;
/** Workers commit in processes of their own: looked for this often while things happen, and less and less in silence. */
const FASTEST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1_000;
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

  /** @throws AppError `not_found` when there is no such picture, or no marked one yet. */
  async signDownload(
    caller: Caller,
    request: { readonly mediaId: string; readonly marked: boolean },
  ): Promise<PresignedRequest> {
    const { repository, store } = this.#deps;
    const [row] = await repository.get([request.mediaId], { owner: caller.user });
    if (!row) throw new AppError("not_found", "There is no such picture.");
    assertAllowed(caller, { bucket: row.bucket, key: row.objectKey, size: 0 });
    const key = request.marked ? row.markedKey : row.objectKey;
    if (key === null) throw new AppError("not_found", "This picture is not marked yet.");
    return store.presignGet(key, { expiresSeconds: DOWNLOAD_SECONDS });
  }

  /** Every change of the caller's pictures above `afterSequence`, once and in order; ends when `signal` fires. */
  async *watch(caller: Caller, afterSequence: number, signal: AbortSignal): AsyncGenerator<MediaChanges> {
    const { repository, clock, commits } = this.#deps;
    let sequence = afterSequence;
    let lookMs = FASTEST_LOOK_MS;
    let silentSince = clock.now();
    yield { rows: [], sequence };
    while (!signal.aborted) {
      const seen = commits.rings;
      const events = await repository.eventsAfter(sequence, { owner: caller.user, limit: CHANGES_AT_ONCE });
      if (events.length > 0) {
        sequence = events.at(-1)!.sequence;
        lookMs = FASTEST_LOOK_MS;
        silentSince = clock.now();
        yield { rows: events.map(({ media }) => media), sequence };
        if (events.length === CHANGES_AT_ONCE) continue;
      } else if (clock.now() - silentSince >= HEARTBEAT_MS) {
        silentSince = clock.now();
        yield { rows: [], sequence };
      }
      await commits.wait(seen, lookMs, clock, signal);
      lookMs = Math.min(SLOWEST_LOOK_MS, lookMs * 1.5);
    }
  }
}
