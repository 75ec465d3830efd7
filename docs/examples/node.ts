/**
 * Uploads one picture, waits until the server has verified it, lists pictures, and branches on an error's code.
 *   PLATEMARK_URL=http://127.0.0.1:4410 PLATEMARK_TOKEN=… node docs/examples/node.ts PICTURE.jpg
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { createControlPlaneClient, fromConnectError } from "#contracts/client.ts";
import { type Media, MediaState } from "#gen/media_pb.ts";

const { PLATEMARK_URL = "http://127.0.0.1:4410", PLATEMARK_TOKEN = "" } = process.env;
const [path = ""] = process.argv.slice(2);
const platemark = createControlPlaneClient({ baseUrl: PLATEMARK_URL, token: async () => PLATEMARK_TOKEN });
const signal = AbortSignal.timeout(60_000);

const bytes = await readFile(path);
const picture = {
  fileName: basename(path),
  size: BigInt(bytes.length),
  contentType: "image/jpeg",
  sha256: createHash("sha256").update(bytes).digest("hex"),
  // Finds the picture again in every log, from here to the mark.
  traceId: randomBytes(16).toString("hex"),
};

// 1. Announce it. The answer says how to send it; "already" means that the store holds these bytes.
const { items } = await platemark.uploads.createUploads({ items: [picture] }, { signal });
const ticket = items[0]!;
console.log(`announced ${ticket.objectKey}`);
if (ticket.how.case === "error") throw new Error(ticket.how.value.message);
if (ticket.how.case === "multipart") throw new Error("Too large for this example: see SignParts.");
if (ticket.how.case === "put") {
  // 2. Send it straight to the object store, with exactly these headers; `fetch` sets the length itself.
  const { "content-length": _length, ...headers } = ticket.how.value.headers;
  const sent = await fetch(ticket.how.value.url, { method: "PUT", headers, body: bytes, signal });
  if (!sent.ok) throw new Error(`The store answered ${sent.status}.`);
  // 3. Have it verified and marked.
  const completed = await platemark.uploads.completeUploads(
    { items: [{ mediaId: ticket.mediaId }] },
    { signal },
  );
  const { outcome } = completed.items[0]!;
  if (outcome.case === "error") throw new Error(`${outcome.value.code}: ${outcome.value.message}`);
}

// 4. Follow it. Changes come as they happen, here until it is uploaded; later ones say that it is marked. Remember
// `sequence`, and nothing is missed after a pause.
const last = await settled(ticket.mediaId);
const [state = ""] = Object.entries(MediaState).find(([, number]) => number === last.state) ?? [];
console.log(`state ${state.toLowerCase()}`);

const listed = await platemark.media.listMedia({ pageSize: 10 }, { signal });
console.log(`pictures ${listed.items.length}`);

// 5. Errors: branch on the code, never on the text. `retry` says what helps: "never", "backoff" or "reauth".
try {
  await platemark.media.signDownload({ mediaId: "nobody's" }, { signal });
} catch (error) {
  const { code, retry } = fromConnectError(error);
  console.log(`refused ${code}, retry ${retry}`);
}

/** Leaving the loop does not end the stream, its signal does. */
async function settled(mediaId: string): Promise<Media> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    for await (const change of platemark.media.watchMedia({ afterSequence: 0n }, { signal: either })) {
      const found = change.items.findLast(({ id }) => id === mediaId);
      if (found && found.state >= MediaState.UPLOADED && found.state !== MediaState.MARKING) return found;
    }
  } finally {
    stop.abort();
  }
  throw new Error("The stream has ended.");
}
