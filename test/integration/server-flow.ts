import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlaneClient, fromConnectError } from "#contracts/client.ts";
import { markKey } from "#contracts/mark.ts";
import { operatorJson } from "#contracts/mark-operator.ts";
import { type MarkSpec, markSpecSchema } from "#contracts/mark-spec.ts";
import { MediaState } from "#gen/media_pb.ts";
import type { UploadTicket } from "#gen/uploads_pb.ts";
import type { Connections } from "../../server/connections.ts";
import { textOperator } from "../fixtures/mark-operators.ts";
import {
  type Installation,
  type RunningServer,
  send,
  startServer,
  type TestFile,
  testFile,
  USER,
} from "./server-harness.ts";

const MIB = 1024 * 1024;

/** The way of a picture to the queue, whatever the server stands on. */
export function serverFlow(name: string, install: () => Promise<Installation>): void {
  describe(`control plane on ${name}`, () => {
    let installation: Installation;
    let server: RunningServer;
    let peek: Connections;
    let client: ControlPlaneClient;
    beforeAll(async () => {
      installation = await install();
      server = await startServer(installation);
      peek = await server.open();
      client = server.client();
    });
    afterAll(async () => {
      await peek?.close();
      await server?.[Symbol.asyncDispose]();
      await installation?.[Symbol.asyncDispose]();
    });

    const announce = async (file: TestFile, by = client): Promise<UploadTicket> =>
      (await by.uploads.createUploads({ items: [file.announcement] })).items[0]!;
    const complete = async (
      mediaId: string,
      upload: { uploadId?: string; parts?: never[] } = {},
      by = client,
    ) => (await by.uploads.completeUploads({ items: [{ mediaId, ...upload }] })).items[0]!.outcome;
    const put = async (file: TestFile): Promise<string> => {
      const ticket = await announce(file);
      if (ticket.how.case !== "put") throw new Error(`not to be put: ${ticket.how.case}`);
      expect((await send(ticket.how.value, file.bytes)).status).toBe(200);
      return ticket.mediaId;
    };
    const drain = async () => {
      for (;;) {
        const leases = await peek.queue.take(100, { visibilityMs: 60_000, waitMs: 0 });
        if (leases.length === 0) return;
        for (const lease of leases) await peek.queue.ack(lease);
      }
    };
    const jobOf = async (
      mediaId: string,
    ): Promise<{ key: string; payload: { mark: MarkSpec; traceId: string } }> => {
      for (let tries = 0; tries < 50; tries++)
        for (const lease of await peek.queue.take(100, { visibilityMs: 60_000, waitMs: 200 })) {
          await peek.queue.ack(lease);
          if ((lease.payload as { mediaId: string }).mediaId === mediaId) return lease as never;
        }
      throw new Error(`no job for ${mediaId}`);
    };
    const sendParts = async (
      mediaId: string,
      uploadId: string,
      partSize: number,
      file: TestFile,
      which: number[],
    ) => {
      const parts = which.map((partNumber) => ({
        partNumber,
        size: BigInt(Math.min(partSize, file.bytes.length - (partNumber - 1) * partSize)),
      }));
      const signed = await client.uploads.signParts({ mediaId, uploadId, parts });
      for (const part of signed.parts) {
        const start = (part.partNumber - 1) * partSize;
        expect((await send(part, file.bytes.subarray(start, start + partSize))).status).toBe(200);
      }
    };

    test("takes a picture by presigned PUT, verifies it, and queues its mark once", async () => {
      const file = testFile(5_000);
      const ticket = await announce(file);
      expect(ticket.objectKey).toBe(`raw/${USER}/${ticket.mediaId}.jpg`);
      const mediaId = await put(file);
      expect(mediaId).toBe(ticket.mediaId);
      const outcome = await complete(mediaId);
      expect(outcome).toMatchObject({ case: "media", value: { state: MediaState.UPLOADED, id: mediaId } });
      expect(await complete(mediaId)).toMatchObject({ case: "media", value: { id: mediaId } });
      expect(await jobOf(mediaId)).toMatchObject({
        payload: {
          mediaId,
          owner: USER,
          objectKey: ticket.objectKey,
          sha256: file.announcement.sha256,
          size: 5_000,
          traceId: file.announcement.traceId,
        },
      });
      expect(await peek.queue.stats()).toMatchObject({ ready: 0, leased: 0 });
      expect((await announce(file)).how).toMatchObject({
        case: "already",
        value: { media: { id: mediaId } },
      });
    });

    test("resumes a multipart upload with the parts that the store has confirmed", async () => {
      const file = testFile(17 * MIB);
      const ticket = await announce(file);
      if (ticket.how.case !== "multipart") throw new Error("no multipart");
      const { uploadId, partSize, partCount } = ticket.how.value;
      expect([Number(partSize), partCount]).toEqual([8 * MIB, 3]);
      const { mediaId } = ticket;
      await sendParts(mediaId, uploadId, Number(partSize), file, [1, 3]);

      const again = await announce(file);
      expect(again.how).toMatchObject({ case: "multipart", value: { uploadId } });
      const listed = await client.uploads.listParts({ mediaId, uploadId });
      expect(listed.parts.map(({ partNumber }) => partNumber)).toEqual([1, 3]);
      expect(await complete(mediaId, { uploadId })).toMatchObject({ case: "error" });

      const open = await announce(file);
      if (open.how.case !== "multipart") throw new Error("no multipart");
      await sendParts(mediaId, open.how.value.uploadId, Number(partSize), file, [1, 2, 3]);
      expect(await complete(mediaId, { uploadId: open.how.value.uploadId })).toMatchObject({ case: "media" });
      expect(await complete(mediaId, { uploadId: open.how.value.uploadId })).toMatchObject({ case: "media" });
      await jobOf(mediaId);
    });

    test("finishes what was sent and never completed without having it sent again", async () => {
      const small = testFile();
      const smallId = await put(small);
      expect((await announce(small)).how).toMatchObject({
        case: "already",
        value: { media: { id: smallId } },
      });

      const large = testFile(13 * MIB);
      const ticket = await announce(large);
      if (ticket.how.case !== "multipart") throw new Error("no multipart");
      const { uploadId, partSize } = ticket.how.value;
      await sendParts(ticket.mediaId, uploadId, Number(partSize), large, [1, 2]);
      // A server that dies between the store's answer and the row leaves just this.
      await peek.store.completeMultipart(
        ticket.objectKey,
        uploadId,
        await peek.store.listParts(ticket.objectKey, uploadId),
      );
      expect(await complete(ticket.mediaId, { uploadId })).toMatchObject({ case: "media" });
      expect((await announce(large)).how.case).toBe("already");
    });

    test("starts a multipart upload afresh when the store has forgotten it", async () => {
      const file = testFile(13 * MIB);
      const first = await announce(file);
      if (first.how.case !== "multipart") throw new Error("no multipart");
      const { uploadId } = first.how.value;
      await peek.store.abortMultipart(first.objectKey, uploadId);
      await expect(client.uploads.listParts({ mediaId: first.mediaId, uploadId })).rejects.toThrow(
        /forgotten/,
      );
      const second = await announce(file);
      if (second.how.case !== "multipart") throw new Error("no multipart");
      expect(second.how.value.uploadId).not.toBe(uploadId);
      const { mediaId } = second;
      await client.uploads.abortUpload({ mediaId, uploadId: second.how.value.uploadId });
      await expect(
        client.uploads.signParts({ mediaId, uploadId: second.how.value.uploadId, parts: [] }),
      ).rejects.toThrow(/not open/);
    });

    test("refuses other bytes, removes them, and lets the picture be sent again", async () => {
      const file = testFile(2_000);
      const ticket = await announce(file);
      const wrong = Buffer.alloc(2_000, 1);
      await peek.store.put(ticket.objectKey, wrong, {
        contentType: "image/jpeg",
        sha256: testFile(0, {}, wrong).announcement.sha256,
      });
      const outcome = await complete(ticket.mediaId);
      expect(outcome).toMatchObject({ case: "error", value: { code: "upload.checksum_mismatch" } });
      expect(await peek.store.head(ticket.objectKey)).toBeNull();
      expect(await put(file)).toBe(ticket.mediaId);
      expect(await complete(ticket.mediaId)).toMatchObject({ case: "media" });
    });

    test("refuses parts that make another picture than announced", async () => {
      const file = testFile(13 * MIB);
      const ticket = await announce(file);
      if (ticket.how.case !== "multipart") throw new Error("no multipart");
      const { uploadId, partSize } = ticket.how.value;
      const other = testFile(13 * MIB);
      await sendParts(ticket.mediaId, uploadId, Number(partSize), other, [1, 2]);
      expect(await complete(ticket.mediaId, { uploadId })).toMatchObject({
        case: "error",
        value: { code: "upload.checksum_mismatch" },
      });
      expect(await peek.store.head(ticket.objectKey)).toBeNull();
      expect((await announce(file)).how.case).toBe("multipart");
    });

    test("refuses another size", async () => {
      const file = testFile(2_000);
      const ticket = await announce(file);
      const longer = Buffer.alloc(2_001);
      await peek.store.put(ticket.objectKey, longer, {
        contentType: "image/jpeg",
        sha256: testFile(0, {}, longer).announcement.sha256,
      });
      expect(await complete(ticket.mediaId)).toMatchObject({
        case: "error",
        value: { code: "upload.size_mismatch" },
      });
      expect(await complete(ticket.mediaId)).toMatchObject({ case: "error", value: { code: "upload.gone" } });
    });

    test("keeps other users' pictures unknown", async () => {
      const mediaId = await put(testFile());
      const other = server.client({ user: "somebody" });
      expect(await complete(mediaId, {}, other)).toMatchObject({
        case: "error",
        value: { code: "not_found" },
      });
      expect((await other.media.getMedia({ ids: [mediaId] })).items).toEqual([]);
      await expect(other.media.signDownload({ mediaId, marked: false })).rejects.toThrow(/no such picture/);
      const url = (await client.media.signDownload({ mediaId, marked: false })).url;
      expect((await fetch(url)).status).toBe(200);
    });

    test("answers the other items of a batch when one is wrong", async () => {
      const good = testFile();
      const { items } = await client.uploads.createUploads({
        items: [
          good.announcement,
          { ...testFile().announcement, sha256: "nonsense" },
          { ...testFile().announcement, size: 0n },
          good.announcement,
          { ...testFile().announcement, markSpec: '{"opacity": 3}' },
        ],
      });
      expect(items.map(({ how }) => (how.case === "error" ? how.value.code : how.case))).toEqual([
        "put",
        "invalid_argument",
        "file.empty",
        "put",
        "invalid_argument",
      ]);
      expect(items[3]!.mediaId).toBe(items[0]!.mediaId);
      const outcomes = await client.uploads.completeUploads({
        items: [{ mediaId: items[0]!.mediaId }, { mediaId: randomUUID() }],
      });
      expect(
        outcomes.items.map(({ outcome }) => (outcome.case === "error" ? outcome.value.code : "")),
      ).toEqual(["upload.gone", "not_found"]);
    });

    test("ends well for two who send the same bytes at once", async () => {
      const file = testFile(13 * MIB);
      const tickets = await Promise.all([announce(file), announce(file), announce(file)]);
      const { mediaId } = tickets[0]!;
      const idOf = ({ how }: UploadTicket) => (how.case === "multipart" ? how.value.uploadId : `${how.case}`);
      // MinIO may say for a moment that an upload is gone which has just been opened. One is open in the end, and
      // whoever was given another is told so.
      const uploadId = idOf(await announce(file));
      for (const other of new Set(tickets.map(idOf).filter((id) => id !== uploadId)))
        await expect(client.uploads.listParts({ mediaId, uploadId: other })).rejects.toThrow();
      await Promise.all([
        sendParts(mediaId, uploadId, 8 * MIB, file, [1, 2]),
        sendParts(mediaId, uploadId, 8 * MIB, file, [1, 2]),
      ]);
      const outcomes = await Promise.all([complete(mediaId, { uploadId }), complete(mediaId, { uploadId })]);
      expect(outcomes.map((outcome) => outcome.case)).toEqual(["media", "media"]);
      const job = await jobOf(mediaId);
      expect(job.payload.traceId).toBe((await client.media.getMedia({ ids: [mediaId] })).items[0]!.traceId);
      expect(await peek.queue.stats()).toMatchObject({ ready: 0 });
    });

    test("keeps a template under its version, and pins it in the job of a picture that names it", async () => {
      const operator = textOperator(`© ${randomUUID()}`);
      const put = await client.templates.putTemplate({ operator: JSON.stringify(operator) });
      expect(put).toMatchObject({ name: "corner", version: expect.stringMatching(/^[0-9a-f]{64}$/) });
      const again = operatorJson(operator);
      expect((await client.templates.putTemplate({ operator: again })).version).toBe(put.version);
      const kept = await client.templates.getTemplate({ version: put.version });
      expect(JSON.parse(kept.operator)).toEqual(operator);
      const mark = { template: put.name, version: put.version };
      const file = testFile();
      const ticket = await announce({
        ...file,
        announcement: { ...file.announcement, markSpec: markKey(mark) },
      });
      if (ticket.how.case !== "put") throw new Error("not to be put");
      await send(ticket.how.value, file.bytes);
      await complete(ticket.mediaId);
      expect((await jobOf(ticket.mediaId)).payload.mark).toEqual(mark);
    });

    test("refuses what is no template, what no worker can draw, and pictures that name an unknown one", async () => {
      const put = (operator: unknown) => client.templates.putTemplate({ operator: JSON.stringify(operator) });
      const refusal = (work: Promise<unknown>) =>
        work.then(
          () => null,
          (error: unknown) => fromConnectError(error),
        );
      expect(await refusal(put({ name: "x" }))).toMatchObject({ code: "invalid_argument" });
      expect(await refusal(put(textOperator("x", { level: "trace" })))).toMatchObject({
        message: expect.stringContaining("level = copyright"),
      });
      const missing = client.templates.getTemplate({ version: "0".repeat(64) });
      expect(await refusal(missing)).toMatchObject({ code: "not_found" });
      const mark = { template: "corner", version: "0".repeat(64) };
      const file = testFile();
      const other = testFile();
      const { items } = await client.uploads.createUploads({
        items: [{ ...file.announcement, markSpec: markKey(mark) }, other.announcement],
      });
      expect(items.map(({ how }) => how.case)).toEqual(["error", "put"]);
      expect(items[0]!.how.value).toMatchObject({ code: "template.unknown" });
    });

    test("queues a fresh mark for a picture that is marked otherwise, and after a failure", async () => {
      const file = testFile();
      const mediaId = await put(file);
      await complete(mediaId);
      await jobOf(mediaId);
      const settle = async (state: "marked" | "failed") => {
        const row = (await peek.repository.get([mediaId]))[0]!;
        const errorCode = state === "failed" ? ("mark.failed" as const) : null;
        await peek.repository.change(mediaId, row.version, { state, errorCode }, { event: `media.${state}` });
      };
      await settle("marked");
      const mark = markSpecSchema.parse({ text: "Other" });
      const wanted = { ...file, announcement: { ...file.announcement, markSpec: markKey(mark) } };
      expect((await announce(wanted)).how).toMatchObject({
        case: "already",
        value: { media: { state: MediaState.UPLOADED } },
      });
      expect((await jobOf(mediaId)).payload.mark).toEqual(mark);
      const other = markSpecSchema.parse({ text: "Before the other was marked" });
      await announce({ ...file, announcement: { ...file.announcement, markSpec: markKey(other) } });
      expect((await jobOf(mediaId)).payload.mark).toEqual(other);
      await announce(wanted);
      await jobOf(mediaId);
      await settle("failed");
      expect((await announce(wanted)).how).toMatchObject({
        case: "already",
        value: { media: { state: MediaState.UPLOADED, errorCode: "" } },
      });
      await jobOf(mediaId);
      await settle("failed");
      await peek.store.remove((await peek.repository.get([mediaId]))[0]!.objectKey);
      expect((await announce(wanted)).how.case).toBe("put");
    });

    test("tells every change once and in order, also those of other processes", async () => {
      const { sequence } = await client.media.getMedia({ ids: [] });
      const stop = new AbortController();
      const seen: [string, number][] = [];
      const files = Array.from({ length: 5 }, () => testFile());
      const watching = (async () => {
        for await (const { items } of client.media.watchMedia(
          { afterSequence: sequence },
          { signal: stop.signal },
        )) {
          for (const { id, version, state } of items) {
            seen.push([id, Number(version)]);
            if (state === MediaState.MARKED && new Set(seen.map(([media]) => media)).size === 5) return;
          }
        }
      })();
      for (const file of files) {
        const mediaId = await put(file);
        await complete(mediaId);
      }
      const last = seen.length;
      expect(last).toBeLessThanOrEqual(10);
      const rows = await client.media.listMedia({ pageSize: 1 });
      const row = (await peek.repository.get([rows.items[0]!.id]))[0]!;
      await peek.repository.change(row.id, row.version, { state: "marked" }, { event: "media.marked" });
      await watching;
      stop.abort();
      expect(seen.length).toBe(11);
      expect(new Set(seen.map(String)).size).toBe(11);
      for (const [id, version] of seen) {
        const versions = seen.filter(([other]) => other === id).map(([, v]) => v);
        expect(versions).toEqual(versions.toSorted((a, b) => a - b));
        expect(version).toBeGreaterThan(0);
      }
    });

    test("loses no job when it ends between the commit and the queue", async () => {
      const file = testFile();
      const mediaId = await put(file);
      await drain();
      await server[Symbol.asyncDispose]();
      const row = (await peek.repository.get([mediaId]))[0]!;
      const job = { key: `mark:${mediaId}:${row.version + 1}`, payload: { mediaId } };
      await peek.repository.change(
        mediaId,
        row.version,
        { state: "uploaded" },
        { event: "media.uploaded", job },
      );
      expect(await peek.queue.stats()).toMatchObject({ ready: 0 });
      const { serverId } = server;
      server = await startServer(installation);
      client = server.client();
      expect(server.serverId).toBe(serverId);
      await peek.close();
      peek = await server.open();
      expect((await jobOf(mediaId)).key).toBe(job.key);
    });

    test("announces a thousand pictures in one call", async () => {
      const items = Array.from({ length: 1_000 }, () => testFile(1).announcement).map((item, index) => ({
        ...item,
        size: BigInt(1_000 + index),
        sha256: testFile(16).announcement.sha256,
      }));
      const answer = await client.uploads.createUploads({ items });
      expect(answer.items.every(({ how }) => how.case === "put")).toBe(true);
      await expect(
        client.uploads.createUploads({ items: [...items, testFile().announcement] }),
      ).rejects.toThrow(/At most 1000/);
    });
  });
}
