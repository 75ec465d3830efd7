import { open } from "node:fs/promises";
import { CONTENT_TYPES, type MarkableFormat, sniffPicture } from "#imaging/picture-format.ts";
import { throwIfAborted } from "#kernel/cancellation.ts";
import type { Journal } from "../journal/journal.ts";
import { pathOf } from "../scan/scan-folder.ts";

/** Files above this are previewed smaller instead: a page holds the file, its pixels and a copy of them. */
const LARGEST_FILE = 96 * 1024 * 1024;
const HEAD_BYTES = 4_096;
/** What browsers decode. */
const SHOWN: ReadonlySet<string> = new Set(["jpeg", "png", "apng", "webp", "gif", "avif"]);

/** Pictures' own files, for a window that shows each of their pixels. */
export class PictureFiles {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** `null`: there is none, it is too large, or no browser can decode it. @throws AppError `aborted` */
  async get(
    itemId: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<{ readonly body: Uint8Array; readonly contentType: string } | null> {
    const item = /^[0-9]{1,15}$/.test(itemId) ? this.#journal.items.get(itemId) : undefined;
    const job = item && this.#journal.jobs.get(item.jobId);
    if (!item || !job) return null;
    try {
      await using file = await open(pathOf(job.root, item.file), "r");
      const { size } = await file.stat();
      if (size > LARGEST_FILE) return null;
      const head = new Uint8Array(Math.min(size, HEAD_BYTES));
      await file.read(head, 0, head.length, 0);
      const format = sniffPicture(head);
      if (!SHOWN.has(format)) return null;
      const contentType = CONTENT_TYPES[(format === "apng" ? "png" : format) as MarkableFormat];
      return { body: new Uint8Array(await file.readFile({ signal })), contentType };
    } catch {
      throwIfAborted(signal);
      return null;
    }
  }
}
