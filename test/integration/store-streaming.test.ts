import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChunkSignatureChain } from "../../server/sigv4/chunk-signature.ts";
import { signRequest } from "../../server/sigv4/sign.ts";
import { signingKey } from "../../server/sigv4/signature.ts";
import { type RunningStore, read, runStore, storeCredentials } from "../support/embedded-store.ts";

const BUCKET = "streaming";
let store: RunningStore;
beforeAll(async () => {
  store = await runStore();
  await store.client.must("PUT", BUCKET);
});
afterAll(() => store[Symbol.asyncDispose]());

const PIECES = ["first-".repeat(3000), "second-".repeat(9000)];
const BODY = PIECES.join("");
const MODES = {
  signed: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "signed with trailer": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  "unsigned with trailer": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
} as const;

interface Change {
  readonly body?: (encoded: string) => string;
  readonly checksum?: string;
  readonly length?: number;
}

async function send(mode: keyof typeof MODES, key: string, change: Change = {}) {
  const payloadHash = MODES[mode];
  const trailing = payloadHash.endsWith("TRAILER");
  const url = store.client.url(BUCKET, key);
  const now = Date.now();
  const headers = signRequest({
    method: "PUT",
    url,
    headers: {
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": String(change.length ?? BODY.length),
      ...(trailing ? { "x-amz-trailer": "x-amz-checksum-sha1" } : {}),
    },
    payloadHash,
    credentials: storeCredentials,
    region: "us-east-1",
    now,
  });
  const date = headers["x-amz-date"]!;
  const scope = { date: date.slice(0, 8), region: "us-east-1", service: "s3" };
  const chain = payloadHash.startsWith("STREAMING-AWS4")
    ? new ChunkSignatureChain({
        signingKey: signingKey(storeCredentials.secretKey, scope),
        scope,
        date,
        signature: headers.authorization!.slice(-64),
      })
    : null;
  const head = (piece: string) => {
    chain?.update(Buffer.from(piece));
    return `${piece.length.toString(16)}${chain ? `;chunk-signature=${chain.nextChunk()}` : ""}\r\n`;
  };
  let encoded = PIECES.map((piece) => `${head(piece)}${piece}\r\n`).join("") + head("");
  if (trailing) {
    const trailer = `x-amz-checksum-sha1:${change.checksum ?? (await sha1(BODY))}`;
    encoded += `${trailer}\r\n`;
    if (chain) encoded += `x-amz-trailer-signature:${chain.trailer(`${trailer}\n`)}\r\n`;
  }
  encoded += "\r\n";
  return read(await fetch(url, { method: "PUT", headers, body: change.body?.(encoded) ?? encoded }));
}

async function sha1(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-1", Buffer.from(text))).toString("base64");
}

const modes = Object.keys(MODES) as (keyof typeof MODES)[];

describe.each(modes)("a body sent in chunks, %s", (mode) => {
  test("is stored without its framing, and not as aws-chunked", async () => {
    const key = `whole ${mode}`;
    expect((await send(mode, key)).status).toBe(200);
    const answer = await store.client.must("GET", BUCKET, key);
    expect(answer.text).toBe(BODY);
    expect(answer.headers.get("content-encoding")).toBeNull();
  });

  test("is refused when it is shorter than announced, or cut", async () => {
    expect((await send(mode, "short", { length: BODY.length + 1 })).code).toBe("IncompleteBody");
    const cut = await send(mode, "short", { body: (encoded) => encoded.slice(0, 5000) });
    expect(cut.code).toBe("IncompleteBody");
    expect((await store.client.call("HEAD", BUCKET, "short")).status).toBe(404);
  });

  test("is refused when a byte of it was changed", async () => {
    const answer = await send(mode, "changed", { body: (encoded) => encoded.replace("second-", "sXcond-") });
    expect(answer.code).toBe(mode.startsWith("signed") ? "SignatureDoesNotMatch" : "BadDigest");
    expect((await store.client.call("HEAD", BUCKET, "changed")).status).toBe(404);
  });
});

test("a trailer with another checksum is refused, signed as it may be", async () => {
  const answer = await send("signed with trailer", "trailer", { checksum: await sha1("other") });
  expect(answer.code).toBe("BadDigest");
});
