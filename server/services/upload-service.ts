import { isTemplateRef } from "#contracts/mark.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { MAX_PARTS } from "#upload/part-planner.ts";
import { mapBounded } from "./bounded.ts";
import { assertAllowed, type Caller } from "./caller.ts";
import { parseMark, toNewMedia, type UploadRequest } from "./new-upload.ts";
import type { MediaRow, NewMedia } from "./ports/media-repository.ts";
import type { PresignedRequest, StoredPart } from "./ports/object-store.ts";
import { completeUpload, type UploadCompletion } from "./upload-completion.ts";
import type { CallOptions, UploadDeps } from "./upload-deps.ts";
import { issueTicket, type UploadPlan } from "./upload-ticket.ts";

/** How one announced picture is to be sent, or why not; the others of the batch are not touched by it. */
export type UploadTicket =
  | { readonly mediaId: string; readonly objectKey: string; readonly plan: UploadPlan }
  | { readonly error: AppError };

export type CompletionOutcome =
  | { readonly mediaId: string; readonly media: MediaRow }
  | { readonly mediaId: string; readonly error: AppError };

export const MAX_ANNOUNCED = 1_000;
export const MAX_COMPLETED = 100;
/** Pictures of one call that wait for the store or the database at once. */
const AT_ONCE = 32;
/** spec.md S6: presigned part URLs live 15 to 60 min. */
const PART_URL_SECONDS = 1_800;

/** Who may upload what, and what the store in fact holds afterwards. */
export class UploadService {
  readonly #deps: UploadDeps;

  constructor(deps: UploadDeps) {
    this.#deps = deps;
  }

  /** @throws AppError `invalid_argument` above 1,000 items; every other refusal is one item's. */
  async create(
    caller: Caller,
    requests: readonly UploadRequest[],
    options: CallOptions = {},
  ): Promise<readonly UploadTicket[]> {
    atMost(MAX_ANNOUNCED, requests.length);
    const { repository, store, random, defaultMark } = this.#deps;
    const logger = options.logger ?? this.#deps.logger;
    const asked = requests.map((request): NewMedia | AppError => {
      try {
        return toNewMedia(request, caller, { bucket: store.bucket, defaultMark, random });
      } catch (error) {
        return refused(logger, "upload.refused", error, { user: caller.user });
      }
    });
    const unknown = await this.#unknownTemplates(asked);
    const checked = asked.map((item) =>
      item instanceof AppError || !unknown.has(item.markSpec)
        ? item
        : refused(logger, "upload.refused", noSuchTemplate(), { user: caller.user }),
    );
    const wanted = checked.filter((item): item is NewMedia => !(item instanceof AppError));
    const announced = await repository.announce(wanted);
    if (announced.some(({ created }) => created)) this.#deps.commits.ring();

    const sameRow = new Map<string, Promise<UploadPlan>>();
    const tickets = await mapBounded(
      announced,
      AT_ONCE,
      async ({ row, created }, index): Promise<UploadTicket> => {
        try {
          assertSameBucket(row, store.bucket);
          assertAllowed(caller, { bucket: row.bucket, key: row.objectKey, size: row.size });
          const plan =
            sameRow.get(row.id) ?? issueTicket(this.#deps, row, wanted[index]!, { ...options, created });
          sameRow.set(row.id, plan);
          return { mediaId: row.id, objectKey: row.objectKey, plan: await plan };
        } catch (error) {
          return { error: refused(logger, "upload.refused", error, { mediaId: row.id, user: caller.user }) };
        }
      },
    );
    let taken = 0;
    return checked.map((item) => (item instanceof AppError ? { error: item } : tickets[taken++]!));
  }

  /** URLs for parts of the row's own upload. @throws AppError `upload.gone` when the row has another one by now. */
  async signParts(
    caller: Caller,
    request: {
      readonly mediaId: string;
      readonly uploadId: string;
      readonly parts: readonly { readonly partNumber: number; readonly size: number }[];
    },
  ): Promise<readonly (PresignedRequest & { readonly partNumber: number })[]> {
    atMost(MAX_PARTS, request.parts.length);
    const row = await this.#openUpload(caller, request);
    return Promise.all(
      request.parts.map(async ({ partNumber, size }) => {
        assertPart(row, partNumber, size);
        const part = { uploadId: request.uploadId, partNumber, size, expiresSeconds: PART_URL_SECONDS };
        return { partNumber, ...(await this.#deps.store.presignPart(row.objectKey, part)) };
      }),
    );
  }

  /** What the store has confirmed. @throws AppError `upload.gone` */
  async listParts(
    caller: Caller,
    request: { readonly mediaId: string; readonly uploadId: string },
  ): Promise<readonly StoredPart[]> {
    const row = await this.#openUpload(caller, request);
    return this.#deps.store.listParts(row.objectKey, request.uploadId);
  }

  /** @throws AppError `invalid_argument` above 100 items; every other refusal is one item's. */
  async complete(
    caller: Caller,
    completions: readonly UploadCompletion[],
    options: CallOptions = {},
  ): Promise<readonly CompletionOutcome[]> {
    atMost(MAX_COMPLETED, completions.length);
    const logger = options.logger ?? this.#deps.logger;
    const ids = [...new Set(completions.map(({ mediaId }) => mediaId))];
    const rows = new Map(
      (await this.#deps.repository.get(ids, { owner: caller.user })).map((row) => [row.id, row]),
    );
    return mapBounded(completions, AT_ONCE, async (completion): Promise<CompletionOutcome> => {
      const { mediaId } = completion;
      try {
        const row = rows.get(mediaId);
        if (!row) throw noSuchMedia(mediaId);
        assertAllowed(caller, { bucket: row.bucket, key: row.objectKey, size: row.size });
        return { mediaId, media: await completeUpload(this.#deps, row, completion, { ...options, logger }) };
      } catch (error) {
        return {
          mediaId,
          error: refused(logger, "completion.refused", error, { mediaId, user: caller.user }),
        };
      }
    });
  }

  /** The store forgets the parts; the row stays, so that the picture can be sent again. */
  async abort(
    caller: Caller,
    request: { readonly mediaId: string; readonly uploadId: string },
  ): Promise<void> {
    const { repository, store, commits } = this.#deps;
    const row = await this.#own(caller, request.mediaId);
    if (row.uploadId === null || row.uploadId !== request.uploadId) return;
    await store.abortMultipart(row.objectKey, row.uploadId);
    const change = { uploadId: null, partSize: null };
    if (await repository.change(row.id, row.version, change, { event: "media.upload_aborted" }))
      commits.ring();
  }

  /** Of the marks wanted, those that name a template which is not kept here. */
  async #unknownTemplates(items: readonly (NewMedia | AppError)[]): Promise<ReadonlySet<string>> {
    const marks = new Set(items.flatMap((item) => (item instanceof AppError ? [] : [item.markSpec])));
    const versions = new Map<string, string>();
    for (const json of marks) {
      const mark = parseMark(json);
      if (isTemplateRef(mark)) versions.set(json, mark.version);
    }
    const known = await this.#deps.templates.known([...versions.values()]);
    return new Set([...versions].filter(([, version]) => !known.has(version)).map(([json]) => json));
  }

  async #openUpload(
    caller: Caller,
    { mediaId, uploadId }: { readonly mediaId: string; readonly uploadId: string },
  ): Promise<MediaRow> {
    const row = await this.#own(caller, mediaId);
    if (row.state !== "uploading" || row.uploadId === null || row.uploadId !== uploadId)
      throw new AppError("upload.gone", "This upload is not open any more; announce the picture again.", {
        details: { mediaId },
      });
    return row;
  }

  async #own(caller: Caller, mediaId: string): Promise<MediaRow> {
    const [row] = await this.#deps.repository.get([mediaId], { owner: caller.user });
    if (!row) throw noSuchMedia(mediaId);
    assertAllowed(caller, { bucket: row.bucket, key: row.objectKey, size: row.size });
    return row;
  }
}

function assertPart(row: MediaRow, partNumber: number, size: number): void {
  const partSize = row.partSize ?? row.size;
  const count = Math.ceil(row.size / partSize);
  const expected = partNumber === count ? row.size - (count - 1) * partSize : partSize;
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > count || size !== expected)
    throw new AppError(
      "invalid_argument",
      `Part ${partNumber} is none of the ${count} parts, or does not have its size.`,
      { details: { partNumber, size, count } },
    );
}

/** The database remembers pictures of a bucket that the server has been moved away from. */
function assertSameBucket(row: MediaRow, bucket: string): void {
  if (row.bucket === bucket) return;
  throw new AppError(
    "conflict",
    `This picture is known in the bucket “${row.bucket}”, and this server works on “${bucket}”; give it a database of its own.`,
    { details: { mediaId: row.id } },
  );
}

function noSuchMedia(mediaId: string): AppError {
  return new AppError("not_found", "There is no such picture.", { details: { mediaId } });
}

function noSuchTemplate(): AppError {
  return new AppError(
    "template.unknown",
    "This server does not keep the template in this version. Send it first (TemplateService.PutTemplate).",
  );
}

function atMost(limit: number, count: number): void {
  if (count > limit)
    throw new AppError("invalid_argument", `At most ${limit} items a call, not ${count}.`, {
      details: { limit, count },
    });
}

function refused(
  logger: Logger,
  event: string,
  error: unknown,
  fields: Readonly<Record<string, unknown>>,
): AppError {
  const failure = AppError.from(error);
  if (failure.code === "aborted") throw failure;
  const level = failure.code === "internal" ? "error" : "info";
  logger[level](event, { ...fields, code: failure.code, reason: failure.message, ...failure.details });
  return failure;
}
