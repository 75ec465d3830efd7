import { basename } from "node:path/posix";
import { type Mark, markKey } from "#contracts/mark.ts";
import { mayFollow } from "#contracts/media-state.ts";
import { contentTypeOf } from "#contracts/picture-types.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import type { ByteSource } from "#upload/ports.ts";
import { withRetry } from "#upload/retry.ts";
import { type UploadPlan, uploadFile } from "#upload/upload-file.ts";
import type { RemoteMedia, Ticket } from "../control-plane/control-plane.ts";
import { type ItemRow, isItemSettled } from "../journal/item-row.ts";
import type { JobRow } from "../journal/job-row.ts";
import { refusalOf } from "../scan/refusal.ts";
import { pathOf } from "../scan/scan-folder.ts";
import { abortable } from "./abortable.ts";
import { type AppliedChange, applyMedia } from "./apply-media.ts";
import type { ImportLane, ImportLaneDeps } from "./import-lane.ts";
import { factsOf, fileSource, memorySource, readWhole } from "./read-file.ts";

/** Files up to this size are read once and kept until they are sent. Bytes. */
const KEPT_SIZE = 12 * 1024 * 1024;
/** Times that a picture is begun again when the store or the file has changed under it. */
const ROUNDS = 3;
/** Milliseconds that a file in the making gets before it is looked at again. */
const SETTLING_MS = 1_000;
/** Failures after which the picture is begun again. */
const BEGIN_AGAIN = new Set([
  "file.changed",
  "upload.gone",
  "upload.checksum_mismatch",
  "upload.size_mismatch",
]);

export interface ImportPictureDeps extends ImportLaneDeps {
  readonly lane: ImportLane;
  readonly serverId: string;
  /** Server's clock minus ours, in milliseconds. */
  readonly clockOffsetMs: number;
  /** The latest news of a picture that came before the answer to our own call. */
  recent(mediaId: string): RemoteMedia | undefined;
}

/** A job, and the mark that each of its pictures is to get. */
export interface PictureJob extends JobRow {
  markOf(item: Pick<ItemRow, "index">, sha256: string): Mark;
}

/** How one picture tells its job about itself. */
export interface PictureReport {
  changed(changes: readonly AppliedChange[]): void;
  /** Bytes of this file that are with the store or on their way. */
  sent(itemId: string, bytes: number): void;
  /** Nothing is being sent for this picture any more. */
  ended(itemId: string): void;
  /** What the work waits for; `null` when it goes on. */
  trouble(error: AppError | null): void;
}

/**
 * Brings one picture from "found" to "uploaded": reads it, announces it, sends what the server does not have, and has
 * it verified. Failures end in the journal, as the picture's reason. What happens after the upload comes as news.
 * @throws AppError `aborted` (the picture stays resumable), `disk.full`.
 */
export async function importPicture(
  deps: ImportPictureDeps,
  job: PictureJob,
  found: ItemRow,
  report: PictureReport,
  signal: AbortSignal,
): Promise<void> {
  let item = found;
  for (let round = 1; ; round++) {
    try {
      return await attempt(deps, job, item, report, signal, round > 1);
    } catch (thrown) {
      throwIfAborted(signal);
      const error = AppError.from(thrown);
      if (error.code === "disk.full") throw error;
      if (round === ROUNDS || !BEGIN_AGAIN.has(error.code)) return await fail(deps, item, error, report);
      deps.logger.info("picture.restarted", { traceId: item.traceId, code: error.code, round });
      item = await prepareNextRound(deps, job, item, error, signal);
    } finally {
      report.ended(item.id);
    }
  }
}

async function attempt(
  deps: ImportPictureDeps,
  job: PictureJob,
  item: ItemRow,
  report: PictureReport,
  signal: AbortSignal,
  readAgain: boolean,
): Promise<void> {
  const { journal, lane } = deps;
  const refusal = refusalOf(item.file, item.size);
  if (refusal) throw new AppError(refusal.code, refusal.message);
  const path = pathOf(job.root, item.file);
  const identity = { path, size: item.size, mtimeNs: item.mtimeNs };
  const known = readAgain ? undefined : journal.hashes.get(identity);

  await using held = new AsyncDisposableStack();
  let source: ByteSource = fileSource(path, item);
  let sha256 = known;
  if (sha256 === undefined) {
    const kept =
      item.size <= KEPT_SIZE ? held.use(await lane.buffers.borrow(item.size, { signal })).bytes : null;
    sha256 = await lane.readers.run(() => readWhole(path, item, { into: kept, signal }), { signal });
    if (kept) source = memorySource(kept);
  }

  for (let other = lane.underWay.get(sha256); other; other = lane.underWay.get(sha256)) {
    // The same bytes are being sent: wait for that, without holding ours, and then ask the server again.
    source = fileSource(path, item);
    await held.disposeAsync();
    const failure = await abortable(other, signal);
    if (!failure) break;
    if (failure.code !== "aborted") throw failure;
  }
  const outcome = Promise.withResolvers<AppError | null>();
  lane.underWay.set(sha256, outcome.promise);
  try {
    const ticket = await announce(deps, job, item, sha256, report, signal);
    if (ticket.kind === "error") throw new AppError(ticket.error.code, ticket.error.message);
    const changes = await journal.commit(() => {
      journal.hashes.put(identity, sha256);
      return ticket.kind === "already"
        ? recordAlready(deps, item, ticket.media)
        : recordIntention(deps, item, ticket);
    });
    report.changed(changes);
    if (ticket.kind !== "already") await send(deps, job, { ...item, sha256, source }, ticket, report, signal);
    outcome.resolve(null);
  } catch (error) {
    outcome.resolve(AppError.from(error));
    throw error;
  } finally {
    if (lane.underWay.get(sha256) === outcome.promise) lane.underWay.delete(sha256);
  }
}

function announce(
  deps: ImportPictureDeps,
  job: PictureJob,
  item: ItemRow,
  sha256: string,
  report: PictureReport,
  signal: AbortSignal,
): Promise<Ticket> {
  const announcement = {
    fileName: basename(item.file).toWellFormed().normalize("NFC"),
    size: item.size,
    contentType: contentTypeOf(item.file),
    sha256,
    traceId: item.traceId,
    markSpec: markKey(job.markOf(item, sha256)),
  };
  return withRetry(deps, () => abortable(deps.lane.announcer.add(announcement), signal), {
    signal,
    onTrouble: report.trouble,
  });
}

async function send(
  deps: ImportPictureDeps,
  job: PictureJob,
  item: ItemRow & { readonly sha256: string; readonly source: ByteSource },
  ticket: Extract<Ticket, { kind: "put" | "multipart" }>,
  report: PictureReport,
  signal: AbortSignal,
): Promise<void> {
  const { journal, lane } = deps;
  const { parts } = await lane.files.run(
    () =>
      uploadFile(
        { transport: deps.transport, gate: lane.gate, clock: deps.clock, random: deps.random },
        { source: item.source, plan: planOf(deps, job, item, ticket, report) },
        {
          signal,
          clockOffsetMs: deps.clockOffsetMs,
          onProgress: (bytes) => report.sent(item.id, bytes),
          onTrouble: report.trouble,
        },
      ),
    { signal },
  );
  const completion = {
    mediaId: ticket.mediaId,
    uploadId: ticket.kind === "multipart" ? ticket.uploadId : null,
    parts,
  };
  const completed = await withRetry(deps, () => abortable(lane.completer.add(completion), signal), {
    signal,
    onTrouble: report.trouble,
  });
  if (completed.kind === "error") throw new AppError(completed.error.code, completed.error.message);
  const changes = await journal.commit(() => {
    if (ticket.kind === "multipart") journal.uploads.end(deps.serverId, ticket.mediaId);
    return applyNewest(deps, completed.media);
  });
  report.changed(changes);
}

function planOf(
  deps: ImportPictureDeps,
  job: PictureJob,
  item: ItemRow & { readonly sha256: string },
  ticket: Extract<Ticket, { kind: "put" | "multipart" }>,
  report: PictureReport,
): UploadPlan {
  if (ticket.kind === "put")
    return {
      kind: "single",
      request: ticket.request,
      renew: async ({ signal }) => {
        const renewed = await announce(deps, job, item, item.sha256, report, signal);
        if (renewed.kind === "put") return renewed.request;
        throw new AppError("upload.gone", "The server has changed its mind about this upload.");
      },
    };
  const { journal, serverId, controlPlane } = deps;
  return {
    kind: "parts",
    partSize: ticket.partSize,
    signer: {
      sign: (parts, options) => controlPlane.signParts(ticket, parts, options),
      list: (options) => controlPlane.listParts(ticket, options),
    },
    journal: {
      confirmed: async () => journal.uploads.parts(serverId, ticket.mediaId),
      confirm: (part) => journal.commit(() => journal.uploads.confirm(serverId, ticket.mediaId, part)),
    },
  };
}

/** The server has the bytes; how far the picture is comes with the answer, or came as news before it. */
function recordAlready(deps: ImportPictureDeps, item: ItemRow, media: RemoteMedia): AppliedChange[] {
  const { items, uploads } = deps.journal;
  // Its upload may have been completed by a run that was killed before it wrote that down.
  uploads.end(deps.serverId, media.id);
  const known = items.get(item.id);
  if (!known || isItemSettled(known)) return [];
  const follows =
    known.state === media.state || mayFollow(known.state, media.state) || mayFollow(known.state, "uploaded");
  if (!follows) items.beginAgain(item.id);
  const already = media.state === "marked" || media.state === "published";
  items.change(item.id, { mediaId: media.id, mediaVersion: 0, already });
  return applyNewest(deps, media);
}

/** What is going to be done, before it is done. */
function recordIntention(
  { journal, serverId }: ImportPictureDeps,
  item: ItemRow,
  ticket: Extract<Ticket, { kind: "put" | "multipart" }>,
): AppliedChange[] {
  if (ticket.kind === "multipart") journal.uploads.begin(serverId, ticket);
  const known = journal.items.get(item.id);
  if (!known || isItemSettled(known)) return [];
  if (known.state !== "uploading" && !mayFollow(known.state, "uploading")) journal.items.beginAgain(item.id);
  const change = journal.items.change(item.id, {
    state: "uploading",
    mediaId: ticket.mediaId,
    mediaVersion: 0,
    objectKey: ticket.objectKey,
    markedKey: null,
    errorCode: null,
    errorMessage: null,
  });
  return change ? [change] : [];
}

function applyNewest(deps: ImportPictureDeps, media: RemoteMedia): AppliedChange[] {
  const news = deps.recent(media.id);
  return applyMedia(deps.journal, news && news.version > media.version ? news : media);
}

async function prepareNextRound(
  deps: ImportPictureDeps,
  job: JobRow,
  item: ItemRow,
  error: AppError,
  signal: AbortSignal,
): Promise<ItemRow> {
  const { clock, journal, serverId } = deps;
  if (error.code === "file.changed") await clock.sleep(SETTLING_MS, { signal });
  const facts = await factsOf(pathOf(job.root, item.file)).catch(() => ({
    size: item.size,
    mtimeNs: item.mtimeNs,
  }));
  return await journal.commit(() => {
    const change = journal.items.change(item.id, facts);
    const mediaId = change?.after.mediaId;
    if (mediaId) journal.uploads.end(serverId, mediaId);
    return change?.after ?? item;
  });
}

async function fail(
  { journal, logger }: ImportPictureDeps,
  item: ItemRow,
  error: AppError,
  report: PictureReport,
): Promise<void> {
  logger.warn("picture.failed", { traceId: item.traceId, code: error.code, details: error.details });
  const changes = await journal.commit(() => {
    const known = journal.items.get(item.id);
    if (known && known.state !== "failed" && !mayFollow(known.state, "failed"))
      journal.items.beginAgain(item.id);
    const change = journal.items.change(item.id, {
      state: "failed",
      errorCode: error.code,
      errorMessage: error.message,
      settledRun: item.run,
    });
    return change ? [change] : [];
  });
  report.changed(changes);
}
