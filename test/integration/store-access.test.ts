import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { presignUrl } from "../../server/sigv4/sign.ts";
import { type RunningStore, read, runStore, storeCredentials } from "../support/embedded-store.ts";

const BUCKET = "access";
let store: RunningStore;
beforeAll(async () => {
  store = await runStore();
  await store.client.must("PUT", BUCKET);
  await store.client.must("PUT", BUCKET, "raw/1", { body: "private" });
  await store.client.must("PUT", BUCKET, "watermarked/1", { body: "public" });
});
afterAll(() => store[Symbol.asyncDispose]());

const anonymous = (method: string, key: string, query = {}) =>
  store.client.call(method, BUCKET, key, {
    anonymous: true,
    query,
    ...(method === "PUT" ? { body: "x" } : {}),
  });

function presigned(
  method: string,
  key: string,
  options: { headers?: Record<string, string>; now?: number } = {},
) {
  return presignUrl({
    method,
    url: store.client.url(BUCKET, key),
    headers: options.headers ?? {},
    credentials: storeCredentials,
    region: "eu-central-1",
    expiresSeconds: 60,
    now: options.now ?? Date.now(),
  });
}

/** Sends a path as it is, which `fetch` would fold. */
function raw(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(store.client.origin);
    request({ hostname, port, path, method }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .once("error", reject)
      .end();
  });
}

describe("without a signature", () => {
  const policy = (resource: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: ["s3:GetObject"], Resource: [resource] }],
    });

  test("nothing can be read, written, listed or deleted, and nobody learns what is there", async () => {
    for (const [method, key] of [
      ["GET", "raw/1"],
      ["HEAD", "raw/1"],
      ["GET", "missing"],
      ["PUT", "new"],
      ["DELETE", "raw/1"],
      ["GET", ""],
    ] as const)
      expect((await anonymous(method, key)).status, `${method} ${key}`).toBe(403);
    expect((await store.client.call("GET", "no-such-bucket", "", { anonymous: true })).status).toBe(403);
    expect((await store.client.call("GET", BUCKET, "new")).status).toBe(404);
  });

  test("a policy opens reading below a prefix, and only that, until it is deleted", async () => {
    const query = { policy: "" };
    await store.client.must("PUT", BUCKET, "", {
      query,
      body: policy(`arn:aws:s3:::${BUCKET}/watermarked/*`),
    });
    expect((await anonymous("GET", "watermarked/1")).text).toBe("public");
    expect((await anonymous("GET", "raw/1")).code).toBe("AccessDenied");
    expect((await anonymous("PUT", "watermarked/1")).code).toBe("AccessDenied");
    expect((await anonymous("GET", "", { "list-type": "2" })).code).toBe("AccessDenied");
    expect((await anonymous("GET", "watermarked/1", { tagging: "" })).code).toBe("AccessDenied");
    expect((await anonymous("GET", "watermarked/1", { "response-content-type": "text/html" })).status).toBe(
      400,
    );
    expect(await raw("GET", `/${BUCKET}/watermarked/../raw/1`)).toBe(400);
    expect(await raw("GET", `/${BUCKET}/watermarked/%2e%2e/raw/1`)).toBe(400);
    await store.client.must("DELETE", BUCKET, "", { query });
    expect((await anonymous("GET", "watermarked/1")).code).toBe("AccessDenied");
  });

  test.each([
    ["junk", "junk"],
    ["another bucket", policy("arn:aws:s3:::other/*")],
    [
      "a condition it would not keep",
      policy(`arn:aws:s3:::${BUCKET}/*`).replace('"Effect"', '"Condition":{"IpAddress":{}},"Effect"'),
    ],
  ])("a policy with %s is refused", async (_title, body) => {
    const answer = await store.client.call("PUT", BUCKET, "", { query: { policy: "" }, body });
    expect([answer.status, answer.code]).toEqual([400, "MalformedPolicy"]);
  });
});

describe("a presigned URL", () => {
  test("uploads exactly what was signed", async () => {
    const headers = { "content-type": "image/png", "content-length": "3" };
    const url = presigned("PUT", "s/a b.png", { headers });
    const send = (type: string, body: string) =>
      fetch(url, { method: "PUT", headers: { "content-type": type }, body }).then(read);
    expect((await send("text/html", "abc")).code).toBe("SignatureDoesNotMatch");
    expect((await send("image/png", "abcd")).code).toBe("SignatureDoesNotMatch");
    expect((await send("image/png", "abc")).status).toBe(200);
    expect((await read(await fetch(presigned("GET", "s/a b.png")))).text).toBe("abc");
  });

  test("is of no use for another key, method or time, nor for copying what it does not name", async () => {
    const url = presigned("PUT", "s/mine");
    const send = (target: string, init: RequestInit) => fetch(target, init).then(read);
    expect((await send(url.replace("mine", "yours"), { method: "PUT", body: "x" })).code).toBe(
      "SignatureDoesNotMatch",
    );
    expect((await send(url, { method: "GET" })).code).toBe("SignatureDoesNotMatch");
    expect(
      (await send(url, { method: "PUT", headers: { "x-amz-copy-source": `/${BUCKET}/raw/1` } })).code,
    ).toBe("AccessDenied");
    const late = await send(presigned("GET", "raw/1", { now: Date.now() - 61_000 }), {});
    expect([late.status, late.code]).toEqual([403, "AccessDenied"]);
    expect(late.text).toContain("Request has expired");
  });

  test("may carry metadata and a checksum in its query, as SDKs write it", async () => {
    const url = presignUrl({
      method: "PUT",
      url: store.client.url(BUCKET, "s/hoisted", {
        "x-amz-meta-sku": "7",
        "x-amz-checksum-crc32": "NSRBwg==",
      }),
      credentials: storeCredentials,
      region: "us-east-1",
      expiresSeconds: 60,
      now: Date.now(),
    });
    expect((await read(await fetch(url, { method: "PUT", body: "other" }))).code).toBe("BadDigest");
    expect((await fetch(url, { method: "PUT", body: "abc" })).status).toBe(200);
    const head = await store.client.must("HEAD", BUCKET, "s/hoisted");
    expect(head.headers.get("x-amz-meta-sku")).toBe("7");
  });
});

describe("pages of other origins", () => {
  const origin = "https://shop.example";
  const preflight = (headers: Record<string, string>) =>
    fetch(store.client.url(BUCKET, "s/page"), { method: "OPTIONS", headers: { origin, ...headers } });

  test("may upload with any header and read the ETag, as long as the bucket has no rules", async () => {
    const answer = await preflight({
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,x-amz-checksum-sha256",
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("access-control-allow-headers")).toBe("content-type, x-amz-checksum-sha256");
    const put = await fetch(presigned("PUT", "s/page"), { method: "PUT", headers: { origin }, body: "x" });
    expect(put.headers.get("access-control-expose-headers")).toContain("ETag");
  });

  test("are held to the bucket's rules", async () => {
    const rule = "<AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>";
    const body = `<CORSConfiguration><CORSRule>${rule}</CORSRule></CORSConfiguration>`;
    await store.client.must("PUT", BUCKET, "", { query: { cors: "" }, body });
    expect((await preflight({ "access-control-request-method": "GET" })).status).toBe(204);
    expect((await preflight({ "access-control-request-method": "PUT" })).status).toBe(403);
    expect((await preflight({ "access-control-request-method": "GET", origin: "https://evil" })).status).toBe(
      403,
    );
    expect((await store.client.must("GET", BUCKET, "", { query: { cors: "" } })).text).toBe(body);
    await store.client.must("DELETE", BUCKET, "", { query: { cors: "" } });
    expect((await preflight({ "access-control-request-method": "PUT" })).status).toBe(204);
  });
});
