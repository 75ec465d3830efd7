import { basename, dirname } from "node:path";
import { ByteBudget } from "#kernel/byte-budget.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import { SharedBuffers } from "#kernel/shared-buffers.ts";
import { readWhole } from "../import/read-file.ts";
import type { PictureToPlace } from "./places.ts";
import { isSameFile, isThere, removeLeftovers, writeFileWhole } from "./write-file.ts";

/** What happens to a file that is there already: it is told as a failure, left as it is, or replaced. */
export const EXISTING = ["refuse", "keep", "replace"] as const;
export type Existing = (typeof EXISTING)[number];

/** A picture in memory. */
export interface LoadedPicture {
  readonly original: Uint8Array;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Where the marked picture may be written. */
  readonly room: Uint8Array;
  readonly fileName: string;
  readonly folder: string;
  /** Place among all pictures, from 1. */
  readonly sequence: number;
}

export interface MarkedFile {
  readonly body: Uint8Array;
  readonly sha256: string;
  /** Canonical JSON, signed. */
  readonly record: Uint8Array;
  /** How it was marked, for example `spliced`. */
  readonly path: string;
  /** What the proof has found, for example `exact`. */
  readonly proof: string;
  /** What the template asks for and the picture lacks, in sentences. */
  readonly incomplete: readonly string[];
}

/** Marks pictures and proves them. */
export interface FileMarker {
  /** Bytes of `room` for an original of so many. */
  roomFor(size: number): number;
  /** @throws AppError for a picture that cannot be marked or proven. */
  mark(picture: LoadedPicture, signal: AbortSignal): Promise<MarkedFile>;
  /** Whether a picture's memory may still be read or written after a mark failed so. */
  isStillInUse(error: unknown, signal: AbortSignal): boolean;
}

export interface FileOutcome extends Pick<PictureToPlace, "name" | "output" | "record" | "size"> {
  readonly state: "marked" | "kept" | "failed";
  /** `null` unless failed. */
  readonly reason: ErrorBody | null;
  /** `null` unless marked. */
  readonly marked: Omit<MarkedFile, "body" | "record"> | null;
}

export interface MarkFilesOptions {
  readonly existing: Existing;
  /** Pictures in hand at once. */
  readonly jobs: number;
  /** Originals and marked pictures in memory at once, in bytes. One that is larger is alone. */
  readonly memoryBudgetBytes: number;
  readonly onSettled: (outcome: FileOutcome) => void;
  readonly signal: AbortSignal;
}

/** No picture can be marked that is larger. */
const LARGEST_BYTES = 2 * 1024 ** 3;
/** Memory of pictures that waits for the next ones. */
const KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Marks pictures from files into files, several at once. A marked picture appears whole and proven, after its record, or
 * not at all; originals are only read. Resolves when each has been told of.
 * @throws AppError `disk.full`, `aborted`: what is there then is whole, and the rest is not begun.
 */
export async function markFiles(
  pictures: readonly PictureToPlace[],
  marker: FileMarker,
  options: MarkFilesOptions,
): Promise<void> {
  const { jobs, memoryBudgetBytes, onSettled } = options;
  const stopped = new AbortController();
  const signal = AbortSignal.any([options.signal, stopped.signal]);
  const files = new FilesInHand(marker, options.existing, memoryBudgetBytes, signal);
  const waiting = pictures.values();
  const lane = async () => {
    for (const picture of waiting) {
      throwIfAborted(signal);
      onSettled(await files.settle(picture));
    }
  };
  const lanes = Array.from({ length: jobs }, () =>
    lane().catch((error: unknown) => {
      if (!signal.aborted) stopped.abort(error);
    }),
  );
  await Promise.all(lanes);
  throwIfAborted(options.signal);
  if (stopped.signal.aborted) throw stopped.signal.reason;
}

class FilesInHand {
  readonly #marker: FileMarker;
  readonly #existing: Existing;
  readonly #memory: ByteBudget;
  readonly #buffers = new SharedBuffers(KEPT_BYTES);
  /** Folders in which nothing of an earlier run is left. */
  readonly #tidied = new Map<string, Promise<void>>();
  readonly #signal: AbortSignal;

  constructor(marker: FileMarker, existing: Existing, memoryBudgetBytes: number, signal: AbortSignal) {
    this.#marker = marker;
    this.#existing = existing;
    this.#memory = new ByteBudget(memoryBudgetBytes);
    this.#signal = signal;
  }

  /** @throws AppError what concerns the other pictures as well. */
  async settle(picture: PictureToPlace): Promise<FileOutcome> {
    const { name, output, record, size } = picture;
    const told = { name, output, record, size, reason: null, marked: null };
    try {
      if (this.#existing === "keep" && (await isThere(output))) return { ...told, state: "kept" };
      await this.#checkPlaces(picture);
      return { ...told, state: "marked", marked: await this.#mark(picture) };
    } catch (thrown) {
      throwIfAborted(this.#signal);
      const error = AppError.from(thrown);
      if (error.code === "disk.full") throw error;
      return { ...told, state: "failed", reason: toErrorBody(error) };
    }
  }

  /** @throws AppError `already_exists`, `picture.too_large`, what the scan has seen. */
  async #checkPlaces({ path, output, record, size, refusal }: PictureToPlace): Promise<void> {
    if (refusal) throw new AppError(refusal.code, refusal.message);
    if (size > LARGEST_BYTES)
      throw new AppError("picture.too_large", "Files above 2 GiB cannot be marked. Export it smaller.");
    const places = record === null ? [output] : [output, record];
    for (const place of places)
      if (await isSameFile(path, place))
        throw new AppError("already_exists", `“${place}” is the original. Name another place.`);
    if (this.#existing !== "refuse") return;
    for (const place of places)
      if (await isThere(place))
        throw new AppError(
          "already_exists",
          `“${place}” is there already. --existing keep goes on without it, --existing replace makes it anew.`,
        );
  }

  async #mark(picture: PictureToPlace): Promise<FileOutcome["marked"]> {
    const { size } = picture;
    using _held = await this.#memory.acquire(size + this.#marker.roomFor(size), { signal: this.#signal });
    return await this.#buffers.during(
      async (lend) => {
        const original = lend(size);
        const room = lend(this.#marker.roomFor(size));
        return await this.#markInto(picture, original, room);
      },
      (error) => this.#marker.isStillInUse(error, this.#signal),
    );
  }

  async #markInto(
    { path, size, mtimeNs, output, record: recordPath, sequence }: PictureToPlace,
    original: Uint8Array,
    room: Uint8Array,
  ): Promise<FileOutcome["marked"]> {
    const into = Buffer.from(original.buffer, original.byteOffset, original.byteLength);
    const sha256 = await readWhole(path, { size, mtimeNs }, { into, signal: this.#signal });
    const { body, record, ...marked } = await this.#marker.mark(
      { original, sha256, room, fileName: basename(path), folder: dirname(path), sequence },
      this.#signal,
    );
    throwIfAborted(this.#signal);
    if (recordPath !== null) await this.#write(recordPath, record);
    await this.#write(output, body);
    return marked;
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const folder = dirname(path);
    const tidied = this.#tidied.get(folder) ?? removeLeftovers(folder, Date.now());
    this.#tidied.set(folder, tidied);
    await tidied;
    await writeFileWhole(path, bytes);
  }
}
