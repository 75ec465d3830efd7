import { createHash, randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import type { ObjectStore, PresignedRequest } from "../../server/services/ports/object-store.ts";

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What every `ObjectStore` must do. `open` gives a store on a bucket that does not exist yet. */
export function objectStoreConformance(
  name: string,
  open: () => Promise<{ readonly store: ObjectStore; close(): Promise<void> }>,
): void {
  describe(`object store on ${name}`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ store, close } = await open());
      await store.ensureReady();
    });
    afterAll(async () => close());

    const newKey = () => `raw/tester/${randomUUID()}.jpg`;
    const send = async (signed: PresignedRequest, body: Uint8Array, method = "PUT") => {
      const answer = await request(signed.url, { method: method as "PUT", headers: signed.headers, body });
      return { status: answer.statusCode, text: await answer.body.text(), etag: answer.headers.etag };
    };
    const put = (key: string, body: Uint8Array) =>
      store.put(key, body, {
        contentType: "image/jpeg",
        sha256: sha256(body),
        metadata: { checksum: sha256(body) },
      });

    test("finds the bucket and its policy present when it is prepared again", async () => {
      const steps = await store.ensureReady();
      expect(steps.filter(({ step }) => step !== "lifecycle").map(({ outcome }) => outcome)).toEqual([
        "present",
        "present",
        "present",
      ]);
    });

    test("gives back the bytes, type, metadata and whole checksum it was given", async () => {
      const key = newKey();
      const body = Buffer.from("a small picture");
      const { etag } = await put(key, body);
      const head = await store.head(key);
      expect(head).toMatchObject({
        size: body.length,
        etag,
        sha256: sha256(body),
        contentType: "image/jpeg",
        metadata: { checksum: sha256(body) },
      });
      const got = await store.get(key);
      expect(await buffer(got.body)).toEqual(body);
      expect(got.object).toEqual(head);
    });

    test("keeps keys that look like paths, escapes and other scripts apart", async () => {
      const keys = ["raw/a b+c%20d&e=f.jpg", "raw/..x/写真 '(1)'!*.jpg", "raw/~t/ä.jpg"].map(
        (key) => `${key}-${randomUUID()}`,
      );
      for (const key of keys) await put(key, Buffer.from(key));
      for (const key of keys) expect((await buffer((await store.get(key)).body)).toString()).toBe(key);
    });

    test("answers null, or not_found, where there is no object, and forgets a removed one", async () => {
      const key = newKey();
      expect(await store.head(key)).toBeNull();
      await expect(store.get(key)).rejects.toMatchObject({ code: "not_found" });
      await put(key, Buffer.from("x"));
      await store.remove(key);
      await store.remove(key);
      expect(await store.head(key)).toBeNull();
    });

    test("refuses bytes that are not those announced", async () => {
      const key = newKey();
      await expect(
        store.put(key, Buffer.from("other"), {
          contentType: "image/jpeg",
          sha256: sha256(Buffer.from("one")),
        }),
      ).rejects.toMatchObject({ code: "upload.checksum_mismatch" });
      expect(await store.head(key)).toBeNull();
    });

    const conditional = (key: string, body: Uint8Array, ifMatch: string | null) =>
      store.put(key, body, { contentType: "image/jpeg", sha256: sha256(body), ifMatch });

    test("puts only over what it is told to expect", async () => {
      const key = newKey();
      const first = await conditional(key, Buffer.from("first"), null);
      await expect(conditional(key, Buffer.from("other"), null)).rejects.toMatchObject({
        code: "store.precondition_failed",
      });
      const second = await conditional(key, Buffer.from("second"), first.etag);
      for (const etag of [first.etag, "0".repeat(32)])
        await expect(conditional(key, Buffer.from("third"), etag)).rejects.toMatchObject({
          code: "store.precondition_failed",
        });
      expect(await store.head(key)).toMatchObject({
        etag: second.etag,
        sha256: sha256(Buffer.from("second")),
      });
      await store.remove(key);
      await expect(conditional(key, Buffer.from("third"), second.etag)).rejects.toMatchObject({
        code: "store.precondition_failed",
      });
      expect(await store.head(key)).toBeNull();
    });

    test("lets one of many who expect the same have its way", async () => {
      const key = newKey();
      const { etag } = await put(key, Buffer.from("before"));
      const bodies = Array.from({ length: 8 }, (_, n) => Buffer.alloc(300_000, n));
      const outcomes = await Promise.allSettled(bodies.map((body) => conditional(key, body, etag)));
      const winners = bodies.filter((_, n) => outcomes[n]!.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect((await store.head(key))!.sha256).toBe(sha256(winners[0]!));
    });

    test("copies an object, bytes, type and metadata, only as it is expected", async () => {
      const [from, to] = [`${newKey()} ä+%`, newKey()];
      const body = Buffer.from("a picture to keep");
      const { etag } = await put(from, body);
      await store.copy(from, to, { ifMatch: etag });
      expect(await store.head(to)).toMatchObject({
        size: body.length,
        contentType: "image/jpeg",
        metadata: { checksum: sha256(body) },
      });
      expect(await buffer((await store.get(to)).body)).toEqual(body);
      await put(from, Buffer.from("another picture"));
      for (const source of [from, newKey()])
        await expect(store.copy(source, to, { ifMatch: etag })).rejects.toMatchObject({
          code: "store.precondition_failed",
        });
      expect(await buffer((await store.get(to)).body)).toEqual(body);
    });

    test("puts a stream as long as it is what was announced", async () => {
      const [from, to] = [newKey(), newKey()];
      const body = Buffer.alloc(3 * MIB, "stream");
      await put(from, body);
      const options = { contentType: "image/jpeg", sha256: sha256(body), ifMatch: null };
      const source = await store.get(from);
      await store.put(to, { stream: source.body, size: source.object.size }, options);
      expect(await store.head(to)).toMatchObject({ size: body.length, sha256: sha256(body) });
      const other = await store.get(from);
      await expect(
        store.put(
          newKey(),
          { stream: other.body, size: body.length },
          { ...options, sha256: "0".repeat(64) },
        ),
      ).rejects.toMatchObject({ code: "upload.checksum_mismatch" });
    });

    test("takes a presigned PUT with exactly the signed headers", async () => {
      const key = newKey();
      const body = Buffer.from("presigned bytes");
      const signed = await store.presignPut(key, {
        size: body.length,
        contentType: "image/jpeg",
        sha256: sha256(body),
        expiresSeconds: 900,
      });
      expect(await send(signed, body)).toMatchObject({ status: 200 });
      expect(await store.head(key)).toMatchObject({ size: body.length, sha256: sha256(body) });
    });

    test.each([
      ["another size", Buffer.from("presigned byte"), {}],
      ["other bytes", Buffer.from("presigned bytez"), {}],
      ["another type", Buffer.from("presigned bytes"), { "content-type": "text/html" }],
      ["another checksum in the metadata", Buffer.from("presigned bytes"), { "x-amz-meta-checksum": "0" }],
    ])("refuses a presigned PUT with %s", async (_what, sent, headers) => {
      const key = newKey();
      const body = Buffer.from("presigned bytes");
      const signed = await store.presignPut(key, {
        size: body.length,
        contentType: "image/jpeg",
        sha256: sha256(body),
        expiresSeconds: 900,
      });
      const answer = await send(
        { ...signed, headers: { ...signed.headers, ...headers, "content-length": String(sent.length) } },
        sent,
      );
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await store.head(key)).toBeNull();
    });

    test("lets a presigned GET read one object, and nobody read originals without", async () => {
      const key = newKey();
      await put(key, Buffer.from("original"));
      const { url } = await store.presignGet(key, { expiresSeconds: 60 });
      expect(await (await fetch(url)).text()).toBe("original");
      const bare = new URL(url);
      bare.search = "";
      expect((await fetch(bare)).status).toBe(403);
      expect((await fetch(url.replace(key, `${key}x`))).status).toBe(403);
    });

    test("lets anybody read what is below watermarked/", async () => {
      const key = `watermarked/tester/${randomUUID()}.jpg`;
      await put(key, Buffer.from("marked"));
      const url = new URL((await store.presignGet(key, { expiresSeconds: 60 })).url);
      url.search = "";
      expect(await (await fetch(url)).text()).toBe("marked");
      expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    });

    test("puts presigned parts together, lists them, and vouches for no whole checksum", async () => {
      const key = newKey();
      const whole = Buffer.alloc(5 * MIB + 1000, 7);
      const uploadId = await store.createMultipart(key, {
        contentType: "image/png",
        metadata: { checksum: "c" },
      });
      const sent = [whole.subarray(0, 5 * MIB), whole.subarray(5 * MIB)];
      for (const [index, body] of sent.entries()) {
        const part = { uploadId, partNumber: index + 1, size: body.length, expiresSeconds: 900 };
        const answer = await send(await store.presignPart(key, part), body);
        expect(answer.status).toBe(200);
      }
      const parts = await store.listParts(key, uploadId);
      expect(parts.map(({ partNumber, size }) => [partNumber, size])).toEqual([
        [1, 5 * MIB],
        [2, 1000],
      ]);
      await store.completeMultipart(key, uploadId, parts);
      expect(await store.head(key)).toMatchObject({
        size: whole.length,
        contentType: "image/png",
        metadata: { checksum: "c" },
        sha256: null,
      });
      expect(sha256(await buffer((await store.get(key)).body))).toBe(sha256(whole));
    });

    test("refuses a presigned part of another size", async () => {
      const key = newKey();
      const uploadId = await store.createMultipart(key, { contentType: "image/png" });
      const signed = await store.presignPart(key, { uploadId, partNumber: 1, size: 10, expiresSeconds: 900 });
      const sent = { ...signed, headers: { "content-length": "11" } };
      expect((await send(sent, Buffer.alloc(11))).status).toBe(403);
      await store.abortMultipart(key, uploadId);
    });

    test("says upload.gone for an upload the store has forgotten, and aborts it twice without complaint", async () => {
      const key = newKey();
      const uploadId = await store.createMultipart(key, { contentType: "image/png" });
      await store.abortMultipart(key, uploadId);
      await store.abortMultipart(key, uploadId);
      await expect(store.listParts(key, uploadId)).rejects.toMatchObject({ code: "upload.gone" });
      await expect(
        store.completeMultipart(key, uploadId, [{ partNumber: 1, etag: "0".repeat(32), size: 1 }]),
      ).rejects.toMatchObject({ code: "upload.gone" });
    });

    test("says conflict when the parts are not those the store holds", async () => {
      const key = newKey();
      const uploadId = await store.createMultipart(key, { contentType: "image/png" });
      await expect(
        store.completeMultipart(key, uploadId, [{ partNumber: 1, etag: "0".repeat(32), size: 1 }]),
      ).rejects.toMatchObject({ code: "conflict" });
      await store.abortMultipart(key, uploadId);
    });

    test("refuses a presigned URL that has expired", async () => {
      const key = newKey();
      await put(key, Buffer.from("x"));
      const { url } = await store.presignGet(key, { expiresSeconds: 60 });
      const longAgo = new URL(url);
      longAgo.searchParams.set("X-Amz-Date", "20200101T000000Z");
      expect((await fetch(longAgo)).status).toBe(403);
    });

    test("stops when aborted", async () => {
      const aborted = AbortSignal.abort(new AppError("aborted", "stop"));
      await expect(store.head(newKey(), { signal: aborted })).rejects.toMatchObject({ code: "aborted" });
    });
  });
}
