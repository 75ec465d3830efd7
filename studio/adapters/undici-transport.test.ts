import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import type { ByteSource } from "#upload/ports.ts";
import { storeError } from "./store-error.ts";
import { createUndiciTransport } from "./undici-transport.ts";

const never = new AbortController().signal;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const request = (url: string) => ({
  url: `${url}/key?X-Amz-Signature=geheim`,
  headers: { "x-test": "1" },
  expiresAtMs: 0,
});
const streamed = (text: string): ByteSource => ({
  size: text.length,
  stream: (start, end) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(text.slice(start, end)));
        controller.close();
      },
    }),
});

describe("the transport", () => {
  test("sends a range of the file with the signed headers, and answers the ETag without quotes", async () => {
    const url = await serve(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { "x-test": signed, "content-length": length } = incoming.headers;
      response.setHeader("etag", `"${signed}-${length}-${Buffer.concat(chunks)}"`).end();
    });
    await using transport = createUndiciTransport({ connections: 1 });
    const sent: number[] = [];
    const options = { signal: never, onSent: (bytes: number) => sent.push(bytes) };
    const body = { source: streamed("0123456789"), start: 2, end: 6 };
    expect(await transport.put(request(url), body, options)).toEqual({ etag: "1-4-2345" });
    expect(sent.at(-1)).toBe(4);
    const inMemory = { ...body, source: { ...streamed(""), size: 10, bytes: () => Buffer.from("abcd") } };
    expect(await transport.put(request(url), inMemory, options)).toEqual({ etag: "1-4-abcd" });
  });

  test("calls a store that is away unreachable, without the signature in the error", async () => {
    await using transport = createUndiciTransport({ connections: 1 });
    const failure = await transport
      .put(request("http://127.0.0.1:1"), { source: streamed("x"), start: 0, end: 1 }, { signal: never })
      .catch(AppError.from);
    expect(failure).toMatchObject({ code: "store.unreachable", retry: "backoff" });
    expect(String((failure as AppError).message)).not.toContain("geheim");
  });

  test("fails with the file's own error when the file cannot be read on the way", async () => {
    const url = await serve((incoming) => incoming.resume());
    await using transport = createUndiciTransport({ connections: 1 });
    const source: ByteSource = {
      size: 10,
      stream: () =>
        new ReadableStream({
          pull() {
            throw new AppError("file.changed", "Changed.", { retry: "backoff" });
          },
        }),
    };
    const put = transport.put(request(url), { source, start: 0, end: 10 }, { signal: never });
    await expect(put).rejects.toMatchObject({ code: "file.changed" });
  });

  test("stops when its signal fires", async () => {
    const stop = new AbortController();
    const url = await serve((incoming) => {
      incoming.resume();
      stop.abort();
    });
    await using transport = createUndiciTransport({ connections: 1 });
    const put = transport.put(
      request(url),
      { source: streamed("x"), start: 0, end: 1 },
      { signal: stop.signal },
    );
    await expect(put).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a refused PUT", () => {
  const xml = (code: string, message = "") =>
    `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  test.each([
    [503, xml("SlowDown"), "store.slow_down", "backoff"],
    [503, "<html>proxy</html>", "store.slow_down", "backoff"],
    [403, xml("AccessDenied", "Request has expired"), "upload.expired_url", "reauth"],
    [400, xml("ExpiredToken", "The provided token has expired."), "upload.expired_url", "reauth"],
    [403, xml("RequestTimeTooSkewed"), "upload.clock_skew", "never"],
    [403, xml("AccessDenied", "Access Denied."), "store.refused", "never"],
    [404, xml("NoSuchUpload"), "upload.gone", "never"],
    [404, xml("NoSuchBucket"), "store.refused", "never"],
    [400, xml("BadDigest"), "upload.checksum_mismatch", "never"],
    [400, xml("XAmzContentChecksumMismatch"), "upload.checksum_mismatch", "never"],
    [500, xml("InternalError"), "store.unreachable", "backoff"],
    [400, xml("IncompleteBody"), "store.unreachable", "backoff"],
    [507, "", "store.refused", "never"],
  ])("with %i %s means %s", (status, body, code, retry) => {
    expect(storeError(status, body)).toMatchObject({ code, retry, details: { status } });
  });
});
