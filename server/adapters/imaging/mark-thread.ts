import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import { type NotExact, notExact } from "#imaging/jpeg/not-exact.ts";
import type { PixelBox } from "#imaging/orientation.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import { isShared } from "#kernel/shared-buffers.ts";
import { InkWell } from "./ink-tiles.ts";
import { JpegSplicer } from "./jpeg-splicer.ts";
import { loadOverlayRenderer } from "./load-overlay-renderer.ts";
import { MarkColors } from "./mark-color.ts";
import { inkTiles, type MarkedBytes, markPicture, touchedBy } from "./mark-picture.ts";
import { renderPreview } from "./render-preview.ts";
import type { ThreadReply, ThreadRequest, ThreadSettings } from "./thread-messages.ts";

/** Pixels: four blocks of 8 (ITU-T T.81, A.2.4). */
const LARGEST_MCU = 32;

/** Entry of a marking thread: one task at a time, bytes in and out shared or by transfer. */

// The threads are the parallelism; the image library's own would only compete with them. Its cache never hits here.
sharp.concurrency(1);
sharp.cache(false);

const settings = workerData as ThreadSettings;
const inks = new InkWell(new MarkColors(settings.tempDir));
const splicer = new JpegSplicer();
let renderer: ReturnType<typeof loadOverlayRenderer> | undefined;

async function run(request: ThreadRequest): Promise<MarkedBytes | Uint8Array | NotExact> {
  if (request.kind === "preview") return await renderPreview(request.input, request.maxSide);
  renderer ??= loadOverlayRenderer();
  const { input, facts, mark } = request;
  const tools = { renderer: await renderer, inks };
  if (request.kind === "mark") return await markPicture(input, facts, mark, tools);
  const tiles = await inkTiles(mark, facts, tools);
  if (tiles.length === 0) return notExact("nothing");
  const marked =
    request.kind === "spliced"
      ? await splicer.mark(input, facts, tiles, request.room)
      : await splicer.markCoefficients(input, facts, tiles);
  if (!marked.exact) return marked;
  const touched = touchedBy(tiles).map((box) => ({ ...box, ...wholeMcus(box, facts) }));
  return { bytes: marked.bytes, path: marked.path, touched };
}

/** A box that is made larger until it covers whole MCUs of any sampling, within the picture. */
function wholeMcus(box: PixelBox, picture: { readonly width: number; readonly height: number }): PixelBox {
  const left = Math.floor(box.left / LARGEST_MCU) * LARGEST_MCU;
  const top = Math.floor(box.top / LARGEST_MCU) * LARGEST_MCU;
  const right = Math.ceil((box.left + box.width) / LARGEST_MCU) * LARGEST_MCU;
  const bottom = Math.ceil((box.top + box.height) / LARGEST_MCU) * LARGEST_MCU;
  return {
    left,
    top,
    width: Math.min(picture.width, right) - left,
    height: Math.min(picture.height, bottom) - top,
  };
}

/** A body whose buffer holds little else, so that it can be transferred; memory that sharp has allocated cannot. */
function transferable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = !Buffer.isBuffer(bytes) && bytes.byteLength > 0.9 * bytes.buffer.byteLength;
  return own ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

parentPort!.on("message", async (request: ThreadRequest) => {
  let reply: ThreadReply;
  let moved: ArrayBuffer[] = [];
  try {
    const result = await run(request);
    if (!(result instanceof Uint8Array) && "exact" in result) reply = { id: request.id, result };
    else {
      const bytes = result instanceof Uint8Array ? result : result.bytes;
      const body = isShared(bytes) ? bytes : transferable(bytes);
      if (body.buffer instanceof ArrayBuffer) moved = [body.buffer];
      const marked = "path" in result ? { marked: { path: result.path, touched: result.touched } } : {};
      reply = { id: request.id, result: { body, ...marked } };
    }
  } catch (error) {
    reply = { id: request.id, error: { ...toErrorBody(error), retry: AppError.from(error).retry } };
  }
  parentPort!.postMessage(reply, moved);
});
