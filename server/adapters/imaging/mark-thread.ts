import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import sharp from "sharp";
import type { NotExact } from "#imaging/jpeg/not-exact.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import { JpegSplicer } from "./jpeg-splicer.ts";
import { MarkColors } from "./mark-color.ts";
import { markPicture } from "./mark-picture.ts";
import { renderPreview } from "./render-preview.ts";
import { TextRasteriser } from "./text-rasteriser.ts";
import type { ThreadReply, ThreadRequest, ThreadSettings } from "./thread-messages.ts";

/** Entry of a marking thread: one task at a time, bytes in and out by transfer. */

// The threads are the parallelism; the image library's own would only compete with them. Its cache never hits here.
sharp.concurrency(1);
sharp.cache(false);

const settings = workerData as ThreadSettings;
const colors = new MarkColors(settings.tempDir);
const splicer = new JpegSplicer();
let rasteriser: Promise<TextRasteriser> | undefined;

async function run(request: ThreadRequest): Promise<Uint8Array | NotExact> {
  if (request.kind === "preview") return await renderPreview(request.input, request.maxSide);
  rasteriser ??= TextRasteriser.load();
  const { input, facts, mark } = request;
  const tools = { rasteriser: await rasteriser, colors };
  if (request.kind === "mark") return await markPicture(input, facts, mark, tools);
  const spliced = await splicer.mark(input, facts, mark, tools);
  return spliced.exact ? spliced.bytes : spliced;
}

/** A body that owns its whole buffer, so that it can be transferred; memory that sharp has allocated cannot. */
function transferable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = !Buffer.isBuffer(bytes) && bytes.byteLength === bytes.buffer.byteLength;
  return own ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

parentPort!.on("message", async (request: ThreadRequest) => {
  let reply: ThreadReply;
  let moved: ArrayBuffer[] = [];
  try {
    const result = await run(request);
    if (result instanceof Uint8Array) {
      const body = transferable(result);
      moved = [body.buffer];
      reply = { id: request.id, result: { body, sha256: createHash("sha256").update(body).digest("hex") } };
    } else reply = { id: request.id, result };
  } catch (error) {
    reply = { id: request.id, error: { ...toErrorBody(error), retry: AppError.from(error).retry } };
  }
  parentPort!.postMessage(reply, moved);
});
