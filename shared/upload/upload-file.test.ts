import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { SeededRandom } from "../../test/fakes/seeded-random.ts";
import { TestTransport } from "../../test/fakes/test-transport.ts";
import { MIN_PART_SIZE } from "./part-planner.ts";
import type { ByteSource, ConfirmedPart, PartSigner, SignedRequest } from "./ports.ts";
import { TransferGate } from "./transfer-gate.ts";
import { type UploadPlan, uploadFile } from "./upload-file.ts";

const never = new AbortController().signal;
const source = (size: number): ByteSource => ({ size, stream: () => new ReadableStream() });

function world(options: { readonly parts?: number; readonly concurrency?: number } = {}) {
  const clock = new FakeClock();
  const random = new SeededRandom();
  const transport = new TestTransport();
  const gate = new TransferGate({ clock, random }, { concurrency: options.concurrency ?? 8 });
  const listed: ConfirmedPart[] = [];
  const confirmed: ConfirmedPart[] = [];
  const signed: number[] = [];
  const signRequest = (name: string): SignedRequest => ({
    url: `https://store/${name}`,
    headers: {},
    expiresAtMs: clock.now() + 900_000,
  });
  const signer: PartSigner = {
    sign: async (parts) => {
      signed.push(...parts.map(({ partNumber }) => partNumber));
      return parts.map(({ partNumber }) => ({ partNumber, ...signRequest(`part-${partNumber}`) }));
    },
    list: async () => listed,
  };
  const plan: UploadPlan = {
    kind: "parts",
    partSize: MIN_PART_SIZE,
    signer,
    journal: {
      confirmed: async () => confirmed,
      confirm: async (part) => {
        confirmed.push(part);
      },
    },
  };
  const deps = { clock, random, transport, gate };
  return { clock, confirmed, deps, listed, plan, signed, signer, signRequest, transport };
}

const part = (partNumber: number, size = MIN_PART_SIZE): ConfirmedPart => ({
  partNumber,
  etag: `e${partNumber}`,
  size,
});

describe("sending a file", () => {
  test("in one PUT reports its bytes and asks for no parts", async () => {
    const { deps, transport, signRequest } = world();
    const progress: number[] = [];
    const plan: UploadPlan = {
      kind: "single",
      request: signRequest("whole"),
      renew: async () => signRequest("new"),
    };
    const upload = uploadFile(
      deps,
      { source: source(100), plan },
      { signal: never, onProgress: (n) => progress.push(n) },
    );
    const put = await transport.next();
    put.sent(40);
    put.succeed();
    expect(await upload).toEqual({ parts: [] });
    expect([put.start, put.end, progress]).toEqual([0, 100, [40, 100]]);
  });

  test("asks for the URL anew when nobody answers at the old one: the store may have moved", async () => {
    const { clock, deps, transport, signRequest } = world();
    const plan: UploadPlan = {
      kind: "single",
      request: signRequest("old"),
      renew: async () => signRequest("new"),
    };
    const upload = uploadFile(deps, { source: source(100), plan }, { signal: never });
    const first = await transport.next();
    first.fail(new AppError("store.unreachable", "Refused.", { retry: "backoff" }));
    await clock.whenSleeping(1);
    await clock.advance(1_000);
    const second = await transport.next();
    second.succeed();
    await upload;
    expect([first.url, second.url]).toEqual(["https://store/old", "https://store/new"]);
  });

  test("in parts sends several at once and answers them in order", async () => {
    const { deps, plan, transport, confirmed } = world();
    const upload = uploadFile(deps, { source: source(5.5 * MIN_PART_SIZE), plan }, { signal: never });
    const first = await transport.take(4);
    expect(transport.pending).toBe(0);
    for (const put of first.toReversed()) put.succeed();
    for (const put of await transport.take(2)) put.succeed();
    const { parts } = await upload;
    expect(parts.map(({ partNumber }) => partNumber)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(parts.at(-1)?.size).toBe(MIN_PART_SIZE / 2);
    expect(confirmed).toHaveLength(6);
  });

  test("retries a failed part alone, and takes its bytes back from the progress", async () => {
    const { clock, deps, plan, transport } = world();
    const progress: number[] = [];
    const upload = uploadFile(
      deps,
      { source: source(2 * MIN_PART_SIZE), plan },
      { signal: never, onProgress: (n) => progress.push(n) },
    );
    const [one, two] = await transport.take(2);
    one!.sent(1_000);
    one!.fail(new AppError("store.unreachable", "Reset.", { retry: "backoff" }));
    two!.succeed();
    await clock.whenSleeping(1);
    await clock.advance(1_000);
    const again = await transport.next();
    expect(again.start).toBe(0);
    again.succeed();
    await upload;
    expect(progress).toContain(1_000);
    expect(progress.at(-1)).toBe(2 * MIN_PART_SIZE);
  });

  test("never sends a part that the store has confirmed, whatever the journal knows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        async (count, inStore, inJournal) => {
          const { confirmed, deps, listed, plan, transport } = world();
          for (let n = 1; n <= count; n++) {
            if (inStore[n - 1]) listed.push(part(n));
            if (inJournal[n - 1]) confirmed.push(part(n));
          }
          const missing = inStore.slice(0, count).filter((there) => !there).length;
          const upload = uploadFile(deps, { source: source(count * MIN_PART_SIZE), plan }, { signal: never });
          const sent: number[] = [];
          for (let n = 0; n < missing; n++) {
            const put = await transport.next();
            sent.push(put.start / MIN_PART_SIZE + 1);
            put.succeed();
          }
          const { parts } = await upload;
          expect(sent.filter((n) => inStore[n - 1])).toEqual([]);
          expect(new Set(sent).size).toBe(missing);
          expect(parts.map(({ partNumber }) => partNumber)).toEqual(
            Array.from({ length: count }, (_, n) => n + 1),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("sends a part again whose size in the store is not the planned one", async () => {
    const { deps, listed, plan, transport } = world();
    listed.push(part(1, 17));
    const upload = uploadFile(deps, { source: source(MIN_PART_SIZE), plan }, { signal: never });
    (await transport.next()).succeed();
    await upload;
  });

  test("renews URLs that expired while the machine slept, before it uses them", async () => {
    const { clock, deps, plan, signed, transport } = world({ concurrency: 1 });
    const upload = uploadFile(deps, { source: source(2 * MIN_PART_SIZE), plan }, { signal: never });
    const first = await transport.next();
    clock.jump(3_600_000);
    first.succeed();
    (await transport.next()).succeed();
    await upload;
    expect(signed).toEqual([1, 2, 2]);
  });

  test("renews a URL that the store calls expired, and goes on", async () => {
    const { deps, plan, signed, transport } = world();
    const upload = uploadFile(deps, { source: source(MIN_PART_SIZE), plan }, { signal: never });
    (await transport.next()).fail(new AppError("upload.expired_url", "Expired.", { retry: "reauth" }));
    (await transport.next()).succeed();
    await upload;
    expect(signed).toEqual([1, 1]);
  });

  test("blames the clocks when even fresh URLs are expired", async () => {
    const { deps, plan, transport } = world();
    const upload = uploadFile(deps, { source: source(MIN_PART_SIZE), plan }, { signal: never });
    upload.catch(() => {});
    for (let n = 0; n < 4; n++)
      (await transport.next()).fail(new AppError("upload.expired_url", "Expired.", { retry: "reauth" }));
    await expect(upload).rejects.toMatchObject({ code: "upload.clock_skew" });
  });

  test("keeps asking for signatures while the server is away", async () => {
    const { clock, deps, plan, signer, transport } = world();
    if (plan.kind !== "parts") throw new Error("parts");
    let refusals = 3;
    const flaky: UploadPlan = {
      ...plan,
      signer: {
        ...signer,
        sign: async (parts, options) => {
          if (refusals-- > 0) throw new AppError("unavailable", "Away.", { retry: "backoff" });
          return signer.sign(parts, options);
        },
      },
    };
    const upload = uploadFile(deps, { source: source(MIN_PART_SIZE), plan: flaky }, { signal: never });
    void transport.next().then((put) => put.succeed());
    await clock.runUntil(upload);
    expect(refusals).toBe(-1);
  });

  test("stops the file's other parts when one of them cannot be sent, and says why", async () => {
    const { deps, plan, transport } = world();
    const upload = uploadFile(deps, { source: source(8 * MIN_PART_SIZE), plan }, { signal: never });
    upload.catch(() => {});
    const puts = await transport.take(4);
    puts[2]!.fail(new AppError("upload.gone", "Forgotten."));
    await expect(upload).rejects.toMatchObject({ code: "upload.gone" });
    expect(puts.filter(({ aborted }) => aborted)).toHaveLength(4);
    expect(transport.pending).toBe(0);
  });

  test("ends when its signal fires, with the confirmed parts in the journal", async () => {
    const { confirmed, deps, plan, transport } = world();
    const stop = new AbortController();
    const upload = uploadFile(deps, { source: source(3 * MIN_PART_SIZE), plan }, { signal: stop.signal });
    upload.catch(() => {});
    const [one] = await transport.take(3);
    one!.succeed();
    await expect.poll(() => confirmed.length).toBe(1);
    stop.abort();
    await expect(upload).rejects.toMatchObject({ code: "aborted" });
  });
});
