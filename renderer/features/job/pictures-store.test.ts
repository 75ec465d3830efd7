import { describe, expect, test } from "vitest";
import { DirectClient } from "../../../test/fakes/core-client.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { ScriptedCore } from "../../../test/fakes/window-core.ts";
import { createPicturesModel } from "./pictures-store.ts";

const FAILURE = { code: "picture.truncated", message: "Cut off." } as const;

function open(pictures: number) {
  const core = new ScriptedCore({
    jobs: [
      {
        id: "job",
        label: "Chairs",
        pictures,
        failures: new Map([
          [1, FAILURE],
          [7, FAILURE],
        ]),
      },
    ],
  });
  const clock = new FakeClock();
  const client = new DirectClient(core);
  const model = createPicturesModel({ client, clock }, "job");
  const pages = () => core.calls.filter(({ channel }) => channel === "items.page").length;
  const settled = async () => {
    for (let before = -1; before !== pages(); ) {
      before = pages();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { core, clock, client, model, pages, settled };
}

describe("pictures of a job", () => {
  test("only pages around what is visible are asked for and kept", async () => {
    const { model, pages, settled } = open(10_000);
    model.show(0, 40);
    await settled();
    expect(model.store.getState().total).toBe(10_000);
    expect([...model.store.getState().rows.keys()]).toEqual(Array.from({ length: 100 }, (_, index) => index));
    for (let at = 0; at < 10_000; at += 500) {
      model.show(at, at + 40);
      await settled();
    }
    expect(pages()).toBeLessThanOrEqual(22);
    const { rows } = model.store.getState();
    expect(rows.get(9_510)?.index).toBe(9_510);
    expect(rows.has(10)).toBe(false);
    expect(rows.size).toBeLessThanOrEqual(1_800);
  });

  test("changes reach the rows that are held and no others", async () => {
    const { core, model, pages, settled } = open(3_000);
    model.show(0, 40);
    await settled();
    const before = model.store.getState().rows;
    core.advance("job", 20);
    const { rows } = model.store.getState();
    expect(rows.get(0)?.state).toBe("marked");
    expect(rows.get(1)?.reason).toEqual(FAILURE);
    expect(rows.get(99)).toBe(before.get(99));
    expect([rows.size, pages()]).toEqual([100, 1]);
  });

  test("a change that overtakes its page is not overwritten by it", async () => {
    const { core, model, settled } = open(50);
    model.show(0, 40);
    core.advance("job", 1);
    const [first] = (
      await core.handlers["items.page"](
        { jobId: "job", filter: "all", offset: 0, limit: 1 },
        {
          signal: new AbortController().signal,
        },
      )
    ).items;
    await settled();
    expect(model.store.getState().rows.get(0)).toEqual(first);
    expect(first?.state).toBe("marked");
  });

  test("a filtered list is looked at again after a change, once in a while", async () => {
    const { core, clock, model, pages, settled } = open(50);
    model.setFilter("failed");
    await settled();
    expect(model.store.getState()).toMatchObject({ known: true, total: 0 });
    const asked = pages();
    for (let turn = 0; turn < 10; turn += 1) core.advance("job", 1);
    await settled();
    expect(pages()).toBe(asked);
    await clock.advance(1_000);
    await settled();
    expect(pages()).toBe(asked + 1);
    expect([...model.store.getState().rows.values()].map(({ index }) => index)).toEqual([1, 7]);
  });

  test("a filter forgets the list before it, also an answer that comes late", async () => {
    const { core, model, settled } = open(50);
    core.finish("job");
    const handlers = core.handlers as unknown as {
      "items.page": (request: { filter: string }) => Promise<unknown>;
    };
    const answer = handlers["items.page"];
    const late = Promise.withResolvers<void>();
    handlers["items.page"] = async (request) => {
      if (request.filter === "all") await late.promise;
      return answer(request);
    };
    model.show(0, 40);
    model.setFilter("failed");
    await settled();
    late.resolve();
    await settled();
    await settled();
    expect(model.store.getState()).toMatchObject({ filter: "failed", total: 2, selected: 0 });
    expect(model.store.getState().rows.size).toBe(2);
  });

  test("everything is asked for again when the connection comes back", async () => {
    const { client, model, pages, settled } = open(50);
    model.show(0, 40);
    await settled();
    client.connect(true);
    await settled();
    expect(pages()).toBe(2);
  });

  test("the choice stays within the list", async () => {
    const { model, settled } = open(5);
    model.show(0, 5);
    await settled();
    model.select(99);
    expect(model.store.getState().selected).toBe(4);
    model.select(-1);
    expect(model.store.getState().selected).toBe(0);
  });

  test("a failed look says why, and the next one mends it", async () => {
    const { core, model, settled } = open(5);
    const handlers = core.handlers as { "items.page": unknown };
    const works = handlers["items.page"];
    handlers["items.page"] = () => Promise.reject(new Error("broken"));
    model.show(0, 5);
    await settled();
    expect(model.store.getState().problem?.code).toBe("internal");
    handlers["items.page"] = works;
    model.refresh();
    await settled();
    expect(model.store.getState()).toMatchObject({ problem: null, total: 5 });
  });
});
