import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningStore, runStore, tag, tags } from "../support/embedded-store.ts";

const BUCKET = "uploads";
const MIB = 1024 * 1024;
let store: RunningStore;
beforeAll(async () => {
  store = await runStore();
  await store.client.must("PUT", BUCKET);
});
afterAll(() => store[Symbol.asyncDispose]());

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

async function create(key: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const created = await store.client.must("POST", BUCKET, key, { query: { uploads: "" }, headers });
  return tag(created.text, "UploadId")!;
}

const part = (key: string, uploadId: string, number: number, body: Uint8Array, headers = {}) =>
  store.client.must("PUT", BUCKET, key, { query: { partNumber: String(number), uploadId }, body, headers });

function complete(
  key: string,
  uploadId: string,
  parts: readonly (readonly [number: number, etag: string])[],
  headers: Readonly<Record<string, string>> = {},
) {
  const xml = parts.map(
    ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${xml.join("")}</CompleteMultipartUpload>`;
  return store.client.call("POST", BUCKET, key, { query: { uploadId }, body, headers });
}

describe("a multipart upload", () => {
  test("survives a restart, and becomes an object whose ranges may cross parts", async () => {
    const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(10)];
    const uploadId = await create("whole", { "content-type": "image/tiff", "x-amz-meta-a": "1" });
    const etags: string[] = [];
    for (const [index, body] of bodies.entries()) {
      etags.push((await part("whole", uploadId, index + 1, body)).headers.get("etag")!);
      if (index === 1) await store.restart();
    }
    expect((await store.client.call("GET", BUCKET, "whole")).status).toBe(404);
    const done = await complete(
      "whole",
      uploadId,
      etags.map((etag, index) => [index + 1, etag]),
    );
    const whole = Buffer.concat(bodies);
    const expected = `${createHash("md5")
      .update(Buffer.concat(bodies.map(md5)))
      .digest("hex")}-3`;
    expect(done.headers.get("etag")).toBe(`"${expected}"`);
    const answer = await store.client.must("GET", BUCKET, "whole");
    expect(answer.body.equals(whole)).toBe(true);
    expect(answer.headers.get("content-type")).toBe("image/tiff");
    const range = `bytes=${5 * MIB - 3}-${10 * MIB + 2}`;
    const crossing = await store.client.must("GET", BUCKET, "whole", { headers: { range } });
    expect(crossing.body.equals(whole.subarray(5 * MIB - 3, 10 * MIB + 3))).toBe(true);
    const third = await store.client.must("GET", BUCKET, "whole", { query: { partNumber: "3" } });
    expect([third.body.equals(bodies[2]!), third.headers.get("x-amz-mp-parts-count")]).toEqual([true, "3"]);
    expect((await complete("whole", uploadId, [[1, etags[0]!]])).code).toBe("NoSuchUpload");
  });

  test("lists its parts page by page, the last of each number", async () => {
    const uploadId = await create("pages");
    for (const number of [7, 1, 3]) await part("pages", uploadId, number, Buffer.alloc(number));
    await part("pages", uploadId, 3, Buffer.alloc(30));
    const seen: [string, string][] = [];
    for (let marker = "0", pages = 0; pages < 4; pages++) {
      const query = { uploadId, "max-parts": "1", "part-number-marker": marker };
      const page = await store.client.must("GET", BUCKET, "pages", { query });
      seen.push([tag(page.text, "PartNumber")!, tag(page.text, "Size")!]);
      if (tag(page.text, "IsTruncated") === "false") break;
      marker = tag(page.text, "NextPartNumberMarker")!;
    }
    expect(seen).toEqual([
      ["1", "1"],
      ["3", "30"],
      ["7", "7"],
    ]);
    await store.client.must("DELETE", BUCKET, "pages", { query: { uploadId } });
    expect((await store.client.call("GET", BUCKET, "pages", { query: { uploadId } })).code).toBe(
      "NoSuchUpload",
    );
  });

  test("is listed with others by key and id until it ends", async () => {
    const ids = await Promise.all(["m/1", "m/1", "m/2", "n"].map((key) => create(key)));
    const seen: string[] = [];
    let query: Record<string, string> = { uploads: "", prefix: "m/", "max-uploads": "2" };
    for (let pages = 0; pages < 4; pages++) {
      const page = await store.client.must("GET", BUCKET, "", { query });
      seen.push(...tags(page.text, "UploadId"));
      if (tag(page.text, "IsTruncated") === "false") break;
      query = {
        ...query,
        "key-marker": tag(page.text, "NextKeyMarker")!,
        "upload-id-marker": tag(page.text, "NextUploadIdMarker")!,
      };
    }
    expect(seen.toSorted()).toEqual(ids.slice(0, 3).toSorted());
  });

  test("takes a part from another object, by range", async () => {
    await store.client.must("PUT", BUCKET, "source", { body: "0123456789" });
    const uploadId = await create("from-source");
    const copied = await store.client.must("PUT", BUCKET, "from-source", {
      query: { partNumber: "1", uploadId },
      headers: { "x-amz-copy-source": `/${BUCKET}/source`, "x-amz-copy-source-range": "bytes=2-5" },
    });
    await store.client.must("DELETE", BUCKET, "source");
    expect(
      (await complete("from-source", uploadId, [[1, tag(copied.text, "ETag")!.replaceAll("&#34;", "")]]))
        .status,
    ).toBe(200);
    expect((await store.client.must("GET", BUCKET, "from-source")).text).toBe("2345");
  });

  test("has a full-object CRC32 without reading its parts again, and is refused for another", async () => {
    const bodies = [randomBytes(5 * MIB), randomBytes(777)];
    const value = (bytes: Uint8Array) => {
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(bytes));
      return crc.toString("base64");
    };
    const uploadId = await create("crc", {
      "x-amz-checksum-algorithm": "CRC32",
      "x-amz-checksum-type": "FULL_OBJECT",
    });
    const etags = await Promise.all(
      bodies.map(async (body, index) => {
        const answer = await part("crc", uploadId, index + 1, body, { "x-amz-checksum-crc32": value(body) });
        return [index + 1, answer.headers.get("etag")!] as const;
      }),
    );
    const wrong = await complete("crc", uploadId, etags, { "x-amz-checksum-crc32": value(bodies[0]!) });
    expect([wrong.status, wrong.code]).toEqual([400, "BadDigest"]);
    const whole = value(Buffer.concat(bodies));
    expect((await complete("crc", uploadId, etags, { "x-amz-checksum-crc32": whole })).status).toBe(200);
    const head = await store.client.must("HEAD", BUCKET, "crc", {
      headers: { "x-amz-checksum-mode": "ENABLED" },
    });
    expect(head.headers.get("x-amz-checksum-crc32")).toBe(whole);
    expect(head.headers.get("x-amz-checksum-type")).toBe("FULL_OBJECT");
  });

  test.each([
    ["no part", [], "InvalidRequest"],
    ["a part with another ETag", [[1, "00"]], "InvalidPart"],
    ["a part nobody sent", [[5, "00"]], "InvalidPart"],
    [
      "parts out of order",
      [
        [2, "x"],
        [1, "x"],
      ],
      "InvalidPartOrder",
    ],
  ] as const)("is not completed with %s, and goes on", async (_title, parts, code) => {
    const uploadId = await create("refused");
    const etag = (await part("refused", uploadId, 1, Buffer.from("a"))).headers.get("etag")!;
    expect((await complete("refused", uploadId, parts)).code).toBe(code);
    expect((await complete("refused", uploadId, [[1, etag]])).status).toBe(200);
  });

  test("with a small part in the middle is refused", async () => {
    const uploadId = await create("small");
    const etags = await Promise.all(
      [1, 2].map(
        async (n) => [n, (await part("small", uploadId, n, Buffer.alloc(9))).headers.get("etag")!] as const,
      ),
    );
    expect((await complete("small", uploadId, etags)).code).toBe("EntityTooSmall");
  });
});
