import { createControlPlaneClient, fromConnectError } from "#contracts/client.ts";

/**
 * Uploads a picture from a page of another origin, which the server must allow (`platemark serve --origin …`). The token
 * comes from your own server: it lives for 15 minutes at most, so it is asked for with each call.
 */
export async function uploadFrom(
  file: File,
  options: {
    readonly server: string;
    readonly token: () => Promise<string>;
    readonly onState: (state: string) => void;
    /** Ends everything; what the store holds by then stays, and is taken up again the next time. */
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { server, token, onState, signal } = options;
  const platemark = createControlPlaneClient({ baseUrl: server, token });
  const bytes = await file.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const random = crypto.getRandomValues(new Uint8Array(16));
  const picture = {
    fileName: file.name,
    size: BigInt(file.size),
    contentType: file.type,
    sha256: hex(digest),
    traceId: hex(random),
  };
  try {
    const { items } = await platemark.uploads.createUploads({ items: [picture] }, { signal });
    const ticket = items[0]!;
    onState("announced");
    if (ticket.how.case === "error") throw new Error(ticket.how.value.message);
    if (ticket.how.case === "put") {
      const { "content-length": _length, ...headers } = ticket.how.value.headers;
      const sent = await fetch(ticket.how.value.url, { method: "PUT", headers, body: bytes, signal });
      if (!sent.ok) throw new Error(`The store answered ${sent.status}.`);
      onState("sent");
      await platemark.uploads.completeUploads({ items: [{ mediaId: ticket.mediaId }] }, { signal });
    }
    onState("uploaded");
    return ticket.objectKey;
  } catch (error) {
    const { code, retry, message } = fromConnectError(error);
    throw new Error(`${code} (retry: ${retry}): ${message}`, { cause: error });
  }
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
