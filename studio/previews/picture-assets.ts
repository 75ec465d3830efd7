import { hash } from "node:crypto";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import type { ItemRow } from "../journal/item-row.ts";
import type { Journal } from "../journal/journal.ts";
import { pathOf } from "../scan/scan-folder.ts";
import type { PreviewCache } from "./preview-cache.ts";
import type { PreviewClient, PreviewSource } from "./preview-client.ts";

const THUMB_SIDE = 320;
const PREVIEW_SIDE = 2_048;

export interface PictureAssetsDeps {
  readonly journal: Journal;
  readonly controlPlane: ControlPlane;
  readonly previews: PreviewClient;
  readonly cache: PreviewCache;
  readonly clock: Pick<Clock, "now">;
}

export interface Asset {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** Thumbnails and previews of the journal's pictures. */
export class PictureAssets {
  readonly #deps: PictureAssetsDeps;

  constructor(deps: PictureAssetsDeps) {
    this.#deps = deps;
  }

  /** What is behind a `thumbPath` or `previewPath`; `null` for anything else, and for what cannot be shown.
   *  @throws AppError `aborted`, `unavailable`. */
  async get(path: string, { signal }: { readonly signal: AbortSignal }): Promise<Asset | null> {
    const wanted = parse(path);
    const item = wanted && this.#deps.journal.items.get(wanted.itemId);
    if (!item) return null;
    const { clock, cache, previews } = this.#deps;
    const name = wanted.marked
      ? `marked|${item.mediaId}|${item.mediaVersion}|${item.markedKey}`
      : `file|${item.jobId}|${item.file}|${item.size}|${item.mtimeNs}`;
    const key = hash("sha256", `${wanted.side}|${name}`, "hex");
    const known = cache.get(key, clock.now());
    if (known) return { body: known, contentType: "image/webp" };
    try {
      const source = await this.#source(item, wanted.marked, signal);
      if (!source) return null;
      const body = await previews.render(source, { maxSide: wanted.side, signal });
      cache.put(key, body, clock.now());
      return { body, contentType: "image/webp" };
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.code.startsWith("picture.") || error.code.startsWith("file.") || error.code === "not_found")
        return null;
      throw error;
    }
  }

  async #source(item: ItemRow, marked: boolean, signal: AbortSignal): Promise<PreviewSource | null> {
    const { journal, controlPlane } = this.#deps;
    if (!marked) {
      const job = journal.jobs.get(item.jobId);
      return job ? { path: pathOf(job.root, item.file) } : null;
    }
    if (item.mediaId === null || item.markedKey === null) return null;
    return { url: await controlPlane.downloadUrl(item.mediaId, true, { signal }) };
  }
}

function parse(
  path: string,
): { readonly itemId: string; readonly side: number; readonly marked: boolean } | null {
  const [room, ...rest] = path.split("/");
  const [which, id] = room === "thumb" ? ["original", rest[0]] : rest;
  const isThumb = room === "thumb" && rest.length === 1;
  const isPreview = room === "preview" && rest.length === 2 && (which === "original" || which === "marked");
  if (!(isThumb || isPreview) || id === undefined || !/^[0-9]{1,15}$/.test(id)) return null;
  return { itemId: id, side: isThumb ? THUMB_SIDE : PREVIEW_SIDE, marked: which === "marked" };
}
