import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChildProcessHandle } from "../ports/child-process.ts";
import { PreviewCache } from "./preview-cache.ts";
import { PreviewClient } from "./preview-client.ts";

const never = new AbortController().signal;

/** A child whose answers the test gives. */
class TestChild implements ChildProcessHandle {
  readonly pid = 1;
  readonly received: { type: string; id: number; source?: unknown; maxSide?: number }[] = [];
  #tell: (message: unknown) => void = () => {};
  #exit: (code: number | null) => void = () => {};

  postMessage(message: unknown): void {
    this.received.push(message as TestChild["received"][number]);
  }
  onMessage(listener: (message: unknown) => void): void {
    this.#tell = listener;
  }
  onExit(listener: (code: number | null) => void): void {
    this.#exit = listener;
  }
  kill(): void {
    this.#exit(null);
  }
  answer(id: number): void {
    this.#tell({ type: "preview", id, body: new Uint8Array([id]) });
  }
  refuse(id: number, code: string): void {
    this.#tell({ type: "error", id, error: { code, message: "No." } });
  }
}

function withChildren() {
  const children: TestChild[] = [];
  const client = new PreviewClient(() => {
    const child = new TestChild();
    children.push(child);
    return child;
  });
  const render = (path: string, signal = never) => client.render({ path }, { maxSide: 320, signal });
  return { children, client, render };
}

describe("the previews' child", () => {
  test("is started when it is needed, and answers each request", async () => {
    const { children, client, render } = withChildren();
    expect(children).toHaveLength(0);
    const [a, b] = [render("/a"), render("/b")];
    const [child] = children;
    expect(child!.received).toMatchObject([
      { id: 1, source: { path: "/a" }, maxSide: 320 },
      { id: 2, source: { path: "/b" } },
    ]);
    child!.answer(2);
    child!.refuse(1, "picture.corrupt");
    expect(await b).toEqual(new Uint8Array([2]));
    await expect(a).rejects.toMatchObject({ code: "picture.corrupt" });
    client[Symbol.dispose]();
  });

  test("gets four at once; what is asked last comes first, and what nobody wants any more not at all", async () => {
    const { children, client, render } = withChildren();
    const stop = new AbortController();
    const first = [1, 2, 3, 4].map((n) => render(`/${n}`));
    const unwanted = render("/5", stop.signal);
    const last = render("/6");
    expect(children[0]!.received).toHaveLength(4);
    stop.abort();
    await expect(unwanted).rejects.toMatchObject({ code: "aborted" });
    for (const n of [1, 2, 3, 4]) children[0]!.answer(n);
    await Promise.all(first);
    expect(children[0]!.received.at(-1)).toMatchObject({ source: { path: "/6" } });
    children[0]!.answer(6);
    await last;
    client[Symbol.dispose]();
  });

  test("that has died fails what it had in hand, and is started anew", async () => {
    const { children, client, render } = withChildren();
    const lost = render("/a");
    children[0]!.kill();
    await expect(lost).rejects.toMatchObject({ code: "unavailable", retry: "backoff" });
    const again = render("/a");
    children[1]!.answer(2);
    await again;
    client[Symbol.dispose]();
  });
});

describe("the previews' cache", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-previews-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("keeps what was used last within its bytes, also when it is opened again", () => {
    {
      using cache = PreviewCache.open(folder, 1_000);
      for (let n = 0; n < 9; n++) cache.put(`key-${n}`, new Uint8Array(100).fill(n), n);
      expect(cache.get("key-0", 100)).toEqual(new Uint8Array(100).fill(0));
    }
    using cache = PreviewCache.open(folder, 1_000);
    cache.put("key-9", new Uint8Array(100), 101);
    cache.put("key-10", new Uint8Array(100), 102);
    const kept = Array.from({ length: 11 }, (_, n) => `key-${n}`).filter((key) => cache.get(key, 200));
    expect(kept).toContain("key-0");
    expect(kept).toContain("key-10");
    expect(kept).not.toContain("key-1");
    expect(kept.length).toBeLessThanOrEqual(10);
  });
});
