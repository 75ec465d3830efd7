import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { presignUrl } from "../../server/sigv4/sign.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { type RunningStore, runStore, storeCredentials, tag } from "../support/embedded-store.ts";
import { canMount, onSmallDisk } from "../support/small-disk.ts";
import { startStoreChild } from "../support/store-child.ts";

const BUCKET = "faults";
const DAY_MS = 86_400_000;

function filesOf(dataDir: string): string[] {
  const blobs = join(dataDir, "blobs");
  return readdirSync(blobs)
    .flatMap((shard) => readdirSync(join(blobs, shard)))
    .concat(readdirSync(join(dataDir, "tmp")));
}

describe("what goes wrong on the way", () => {
  let store: RunningStore;
  beforeEach(async () => {
    store = await runStore();
    await store.client.must("PUT", BUCKET);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const presigned = (key: string, now = Date.now()) =>
    presignUrl({
      method: "PUT",
      url: store.client.url(BUCKET, key),
      credentials: storeCredentials,
      region: "us-east-1",
      expiresSeconds: 600,
      now,
    });

  test("a body cut short leaves the old object and no file", async () => {
    await store.client.must("PUT", BUCKET, "cut", { body: "old" });
    const { hostname, port, host, pathname, search } = new URL(presigned("cut"));
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 900000\r\n\r\n`);
    socket.write(Buffer.alloc(300_000));
    await vi.waitFor(() => expect(readdirSync(join(store.dataDir, "tmp"))).toHaveLength(1));
    socket.destroy();
    await vi.waitFor(() => expect(readdirSync(join(store.dataDir, "tmp"))).toEqual([]));
    expect((await store.client.must("GET", BUCKET, "cut")).text).toBe("old");
    expect(filesOf(store.dataDir)).toHaveLength(1);
  });

  test("a body with another hash than was signed leaves nothing", async () => {
    const payloadHash = createHash("sha256").update("other").digest("hex");
    const answer = await store.client.call("PUT", BUCKET, "hash", { body: "this", payloadHash });
    expect([answer.status, answer.code]).toEqual([400, "XAmzContentSHA256Mismatch"]);
    expect(filesOf(store.dataDir)).toEqual([]);
  });

  test("a refused upload that waits for a word is refused before it sends its body", async () => {
    const url = new URL(presigned("expect", Date.now() - 3_600_000));
    const outcome = await new Promise<{ status: number; continued: boolean }>((resolve, reject) => {
      let continued = false;
      const sending = request(url, {
        method: "PUT",
        headers: { expect: "100-continue", "content-length": 5 },
      });
      sending.once("continue", () => {
        continued = true;
      });
      sending.once("response", (response) => {
        response.resume();
        resolve({ status: response.statusCode!, continued });
        sending.destroy();
      });
      sending.once("error", reject);
      sending.flushHeaders();
    });
    expect(outcome).toEqual({ status: 403, continued: false });
  });

  test("a reader keeps the whole old object while it is overwritten and deleted", async () => {
    const body = randomBytes(8 * 1024 * 1024);
    await store.client.must("PUT", BUCKET, "held", { body });
    const url = presignUrl({
      method: "GET",
      url: store.client.url(BUCKET, "held"),
      credentials: storeCredentials,
      region: "us-east-1",
      expiresSeconds: 60,
      now: Date.now(),
    });
    const response = await fetch(url);
    const reader = response.body!.getReader();
    const chunks = [(await reader.read()).value!];
    await store.client.must("PUT", BUCKET, "held", { body: "new" });
    await store.client.must("DELETE", BUCKET, "held");
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
    await vi.waitFor(() => expect(filesOf(store.dataDir)).toEqual([]));
  });

  test("twenty creations of one key at once make exactly one object", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.client.call("PUT", BUCKET, "race", { body: String(index), headers: { "if-none-match": "*" } }),
      ),
    );
    const winners = answers.flatMap(({ status }, index) => (status === 200 ? [String(index)] : []));
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
    expect((await store.client.must("GET", BUCKET, "race")).text).toBe(winners[0]);
    await vi.waitFor(() => expect(filesOf(store.dataDir)).toHaveLength(1));
  });

  test.each([
    [
      "an entity declaration",
      '<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    ],
    ["an open element", "<Delete><Object>"],
    ["nothing in it", "<Delete></Delete>"],
    ["more than 1000 keys", `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`],
    ["elements without end", "<a>".repeat(200_000)],
  ])("XML with %s is refused", async (_title, body) => {
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    const answer = await store.client.call("POST", BUCKET, "", { query: { delete: "" }, body, headers });
    expect([answer.status, answer.code]).toEqual([400, "MalformedXML"]);
  });

  test("more XML than any request needs is refused", async () => {
    const body = `<Delete>${" ".repeat(5 * 1024 * 1024)}</Delete>`;
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    const answer = await store.client.call("POST", BUCKET, "", { query: { delete: "" }, body, headers });
    expect(answer.code).toBe("EntityTooLarge");
  });

  test("a second store on the same folder is turned away, the first goes on", async () => {
    await expect(startStoreChild(store.dataDir)).rejects.toThrow(
      /Another process is serving this object store/,
    );
    await store.client.must("PUT", BUCKET, "still", { body: "here" });
  });

  test("files that nothing refers to are gone after a restart, the others stay", async () => {
    await store.client.must("PUT", BUCKET, "kept", { body: "kept" });
    const [kept] = filesOf(store.dataDir);
    mkdirSync(join(store.dataDir, "blobs", "00"), { recursive: true });
    writeFileSync(join(store.dataDir, "blobs", "00", "00deadbeef"), "orphan");
    writeFileSync(join(store.dataDir, "tmp", "half"), "half");
    await store.restart();
    await vi.waitFor(() => expect(filesOf(store.dataDir)).toEqual([kept]));
    expect((await store.client.must("GET", BUCKET, "kept")).text).toBe("kept");
  });
});

describe("what time does", () => {
  test("uploads are aborted after a week, objects expire by rule, both with their files", async () => {
    const clock = new FakeClock();
    await using store = await runStore({ clock });
    const call = (method: string, key: string, options = {}) =>
      store.client.must(method, BUCKET, key, { now: clock.now(), ...options });
    await call("PUT", "");
    const rule = "<Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>2</Days></Expiration>";
    const body = `<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status>${rule}</Rule></LifecycleConfiguration>`;
    await call("PUT", "", { query: { lifecycle: "" }, body });
    await call("PUT", "tmp/1", { body: "goes" });
    await call("PUT", "kept", { body: "stays" });
    const uploadId = tag((await call("POST", "m", { query: { uploads: "" } })).text, "UploadId")!;
    await call("PUT", "m", { query: { uploadId, partNumber: "1" }, body: "part" });
    expect(filesOf(store.dataDir)).toHaveLength(3);
    await clock.advance(2 * DAY_MS + 3_600_000);
    await vi.waitFor(() => expect(filesOf(store.dataDir)).toHaveLength(2));
    await clock.advance(5 * DAY_MS);
    await vi.waitFor(() => expect(filesOf(store.dataDir)).toHaveLength(1));
    expect((await call("GET", "kept")).text).toBe("stays");
    const gone = await store.client.call("GET", BUCKET, "m", { query: { uploadId }, now: clock.now() });
    expect(gone.code).toBe("NoSuchUpload");
  });
});

describe.skipIf(!canMount())("a full disk (skipped where no file system can be mounted)", () => {
  test("is said so, keeps nothing of the upload, and everything from before", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "platemark-full-"));
    const store = await startStoreChild(dataDir, onSmallDisk(dataDir, "24m"));
    const { client } = store;
    await client.must("PUT", BUCKET);
    const body = randomBytes(3 * 1024 * 1024);
    const fill = async () => {
      for (let count = 0; ; count++) {
        const answer = await client.call("PUT", BUCKET, `k${count}`, { body });
        if (answer.status === 200) continue;
        expect([answer.status, answer.code]).toEqual([507, "XMinioStorageFull"]);
        return count;
      }
    };
    const fitted = await fill();
    expect(fitted).toBeGreaterThan(3);
    expect((await client.call("HEAD", BUCKET, `k${fitted}`)).status).toBe(404);
    for (let index = 0; index < fitted; index++) {
      const answer = await client.must("GET", BUCKET, `k${index}`);
      expect(answer.body.equals(body)).toBe(true);
      await client.must("DELETE", BUCKET, `k${index}`);
    }
    expect(await fill()).toBe(fitted);
    await store.kill("SIGTERM");
    rmSync(dataDir, { recursive: true, force: true });
  });
});
