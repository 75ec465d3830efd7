import { createHash, randomBytes } from "node:crypto";
import { Client } from "minio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningStore, runStore, storeCredentials, tag, tags } from "../support/embedded-store.ts";

const BUCKET = "objects";
let store: RunningStore;
beforeAll(async () => {
  store = await runStore();
  await store.client.must("PUT", BUCKET);
});
afterAll(() => store[Symbol.asyncDispose]());

const put = (key: string, body: Uint8Array | string, headers = {}) =>
  store.client.must("PUT", BUCKET, key, { body, headers });
const get = (key: string, headers = {}) => store.client.call("GET", BUCKET, key, { headers });
const base64 = (algorithm: string, bytes: Uint8Array | string) =>
  createHash(algorithm).update(bytes).digest("base64");

describe("objects", () => {
  test("come back with their bytes, type, headers, metadata and tags, also after a restart", async () => {
    const body = randomBytes(300_000);
    await put("a b/商品+1.jpg", body, {
      "content-type": "image/jpeg",
      "cache-control": "max-age=5",
      "x-amz-meta-sku": "A-1",
      "x-amz-tagging": "state=raw&x=a%20b",
    });
    await store.restart();
    const answer = await get("a b/商品+1.jpg");
    expect(answer.body.equals(body)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "cache-control": "max-age=5",
      "x-amz-meta-sku": "A-1",
      "x-amz-tagging-count": "2",
      etag: `"${createHash("md5").update(body).digest("hex")}"`,
    });
    const tagging = await store.client.must("GET", BUCKET, "a b/商品+1.jpg", { query: { tagging: "" } });
    expect(tags(tagging.text, "Value")).toEqual(["raw", "a b"]);
  });

  test("have the SHA-256 as their ETag where the client has sent it ahead, so that it is not taken for an MD5", async () => {
    const sha256 = createHash("sha256").update("abc");
    const digest = sha256.digest();
    await put("hashed", "abc", { "x-amz-checksum-sha256": digest.toString("base64") });
    const etag = `"${digest.toString("hex")}"`;
    expect((await get("hashed")).headers.get("etag")).toBe(etag);
    const headers = { "if-match": etag };
    expect((await get("hashed", headers)).status).toBe(200);
    const both = { "content-md5": base64("md5", "abc"), "x-amz-checksum-sha256": digest.toString("base64") };
    await put("both", "abc", both);
    expect((await get("both")).headers.get("etag")).toBe(
      `"${createHash("md5").update("abc").digest("hex")}"`,
    );
  });

  test("are copied without their bytes, and outlive what they were copied from", async () => {
    const body = randomBytes(50_000);
    await put("copy/from", body, { "content-type": "image/png", "x-amz-meta-a": "1" });
    await store.client.must("PUT", BUCKET, "copy/to", {
      headers: { "x-amz-copy-source": `/${BUCKET}/copy/from` },
    });
    await put("copy/from", "other");
    await store.client.must("DELETE", BUCKET, "copy/from");
    const copy = await get("copy/to");
    expect(copy.body.equals(body)).toBe(true);
    expect(copy.headers.get("x-amz-meta-a")).toBe("1");
  });

  test("keep their bytes when copied onto themselves with other metadata", async () => {
    await put("copy/self", "self");
    const headers = {
      "x-amz-copy-source": `/${BUCKET}/copy/self`,
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-meta-b": "2",
    };
    await store.client.must("PUT", BUCKET, "copy/self", { headers });
    const answer = await get("copy/self");
    expect([answer.text, answer.headers.get("x-amz-meta-b")]).toEqual(["self", "2"]);
  });

  test.each([
    ["bytes=0-4", 206, "01234", "bytes 0-4/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
    ["bytes=0-1,4-5", 200, "0123456789", null],
  ])("answer the range %s with %d", async (range, status, text, contentRange) => {
    await put("range", "0123456789");
    const answer = await get("range", { range });
    expect([answer.status, answer.text, answer.headers.get("content-range")]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test("can be removed by the thousand, markup in the key or not", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `many/<&"'> ${index}`);
    await Promise.all(keys.map((key) => put(key, key)));
    const escaped = (key: string) => key.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
    const body = `<Delete>${keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join("")}</Delete>`;
    const answer = await store.client.must("POST", BUCKET, "", {
      query: { delete: "" },
      body,
      headers: { "content-md5": base64("md5", body) },
    });
    expect(tags(answer.text, "Key")).toHaveLength(40);
    const left = await store.client.must("GET", BUCKET, "", { query: { "list-type": "2", prefix: "many/" } });
    expect(tag(left.text, "KeyCount")).toBe("0");
  });

  test.each([
    ["x-amz-checksum-sha256", base64("sha256", "abc")],
    ["x-amz-checksum-sha1", base64("sha1", "abc")],
    ["x-amz-checksum-crc32", "NSRBwg=="],
    ["x-amz-checksum-crc32c", "Nks/tw=="],
    ["x-amz-checksum-crc64nvme", "BeXKuz/B+us="],
  ])("keep %s, answer it when asked, and are refused when it is wrong", async (name, value) => {
    await put("checksum", "abc", { [name]: value });
    expect((await get("checksum", { "x-amz-checksum-mode": "ENABLED" })).headers.get(name)).toBe(value);
    expect((await get("checksum")).headers.get(name)).toBeNull();
    const wrong = await store.client.call("PUT", BUCKET, "checksum", {
      body: "abd",
      headers: { [name]: value },
    });
    expect([wrong.status, wrong.code]).toEqual([400, "BadDigest"]);
    expect((await get("checksum")).text).toBe("abc");
  });

  test.each([
    ["if-none-match on a key that is there", { "if-none-match": "*" }, 412],
    ["if-match with another ETag", { "if-match": '"00"' }, 412],
    ["if-match with its ETag", { "if-match": `"${createHash("md5").update("1").digest("hex")}"` }, 200],
  ])("are overwritten or not: %s", async (_title, headers, status) => {
    await put("condition", "1");
    const answer = await store.client.call("PUT", BUCKET, "condition", { body: "2", headers });
    expect(answer.status).toBe(status);
    expect((await get("condition")).text).toBe(status === 200 ? "2" : "1");
  });

  test.each([
    ["a key of 1025 bytes", "PUT", `${"ä".repeat(512)}x`, {}, 400, "KeyTooLongError"],
    ["too much metadata", "PUT", "k", { "x-amz-meta-a": "x".repeat(2049) }, 400, "MetadataTooLarge"],
    ["eleven tags", "PUT", "k", { "x-amz-tagging": "abcdefghijk".split("").join("&") }, 400, "InvalidTag"],
    ["a Content-MD5 that is none", "PUT", "k", { "content-md5": "zz" }, 400, "InvalidDigest"],
    ["an operation there is not", "PATCH", "k", {}, 400, "BadRequest"],
  ])("refuse %s", async (_title, method, key, headers, status, code) => {
    const answer = await store.client.call(method, BUCKET, key, { headers, body: "x" });
    expect([answer.status, answer.code]).toEqual([status, code]);
  });

  test.each(["acl", "website", "retention", "encryption"])(
    "are not touched by ?%s, which is not implemented",
    async (subresource) => {
      await put("untouched", "1");
      const answer = await store.client.call("PUT", BUCKET, "untouched", {
        query: { [subresource]: "" },
        body: "2",
      });
      expect([answer.status, answer.code]).toEqual([501, "NotImplemented"]);
      expect((await get("untouched")).text).toBe("1");
    },
  );
});

describe("listings", () => {
  test("page through keys in the order of their UTF-8 bytes, with prefixes in between", async () => {
    const keys = ["l/a/1", "l/a/2", "l/b", "l/\u{ff5e}", "l/\u{1f600}/x", "l/z/1"];
    await Promise.all(keys.map((key) => put(key, "x")));
    const seen: string[] = [];
    for (let token: string | undefined, pages = 0; pages < 10; pages++) {
      const answer = await store.client.must("GET", BUCKET, "", {
        query: {
          "list-type": "2",
          prefix: "l/",
          delimiter: "/",
          "max-keys": "2",
          ...(token === undefined ? {} : { "continuation-token": token }),
        },
      });
      seen.push(...tags(answer.text, "Key"), ...tags(answer.text, "Prefix").slice(1));
      token = tag(answer.text, "NextContinuationToken");
      if (token === undefined) break;
    }
    expect(seen).toEqual(["l/b", "l/a/", "l/\u{ff5e}", "l/z/", "l/\u{1f600}/"]);
  });

  test("serve a client that others wrote", async () => {
    const { hostname, port } = new URL(store.client.origin);
    const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...storeCredentials });
    await client.makeBucket("foreign");
    const large = randomBytes(11 * 1024 * 1024);
    await client.putObject("foreign", "large", large);
    await client.putObject("foreign", "small", "small", 5, { "X-Amz-Meta-Sku": "1" });
    const stat = await client.statObject("foreign", "small");
    expect([stat.size, stat.metaData.sku]).toEqual([5, "1"]);
    const chunks: Buffer[] = [];
    for await (const chunk of await client.getPartialObject("foreign", "large", 5_242_870, 100))
      chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(large.subarray(5_242_870, 5_242_970))).toBe(true);
    const names: string[] = [];
    for await (const item of client.listObjectsV2("foreign", "", true)) names.push(item.name);
    expect(names).toEqual(["large", "small"]);
    await client.removeObjects("foreign", names);
    await client.removeBucket("foreign");
    expect(await client.bucketExists("foreign")).toBe(false);
  });
});

describe("versions", () => {
  test("stay under a delete marker, can be read by id, listed page by page and brought back", async () => {
    const bucket = "versions";
    await store.client.must("PUT", bucket);
    const body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await store.client.must("PUT", bucket, "", { query: { versioning: "" }, body });
    const ids: string[] = [];
    for (const text of ["1", "2", "3"])
      ids.push(
        (await store.client.must("PUT", bucket, "k", { body: text })).headers.get("x-amz-version-id")!,
      );
    const marker = await store.client.must("DELETE", bucket, "k");
    expect(marker.headers.get("x-amz-delete-marker")).toBe("true");
    expect((await store.client.call("GET", bucket, "k")).code).toBe("NoSuchKey");
    expect((await store.client.must("GET", bucket, "k", { query: { versionId: ids[0]! } })).text).toBe("1");

    const listed: string[] = [];
    let query: Record<string, string> = { versions: "", "max-keys": "2" };
    for (let pages = 0; pages < 5; pages++) {
      const page = await store.client.must("GET", bucket, "", { query });
      listed.push(...tags(page.text, "VersionId"));
      const next = tag(page.text, "NextVersionIdMarker");
      if (next === undefined) break;
      query = { ...query, "key-marker": tag(page.text, "NextKeyMarker")!, "version-id-marker": next };
    }
    expect(listed.toSorted()).toEqual([...ids, marker.headers.get("x-amz-version-id")!].toSorted());

    await store.client.must("DELETE", bucket, "k", {
      query: { versionId: marker.headers.get("x-amz-version-id")! },
    });
    expect((await store.client.must("GET", bucket, "k")).text).toBe("3");
    await store.client.must("DELETE", bucket, "k", { query: { versionId: ids[2]! } });
    expect((await store.client.must("GET", bucket, "k")).text).toBe("2");
    expect((await store.client.call("DELETE", bucket)).code).toBe("BucketNotEmpty");
  });
});
