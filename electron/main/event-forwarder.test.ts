import { describe, expect, test } from "vitest";
import type { WindowEvent } from "#contracts/window-events.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { EventForwarder } from "./event-forwarder.ts";

function forward(overrides: { destroyed?: boolean; crashed?: boolean } = {}) {
  const clock = new FakeClock();
  const sent: (readonly WindowEvent[])[] = [];
  const target = {
    isDestroyed: () => overrides.destroyed ?? false,
    isCrashed: () => overrides.crashed ?? false,
    send: (_channel: string, batch: readonly WindowEvent[]) => void sent.push(batch),
  };
  return { clock, sent, forwarder: new EventForwarder({ targets: () => [target], clock }) };
}
const job = (id: string, found: number) => ({ job: { id, found } });

describe("EventForwarder", () => {
  test("sends what happened within a moment at once, in order", async () => {
    const { clock, sent, forwarder } = forward();
    forwarder.push("items.changed", { jobId: "a", items: [1] });
    forwarder.push("items.changed", { jobId: "a", items: [2] });
    expect(sent).toEqual([]);
    await clock.advance(50);
    expect(sent).toEqual([
      [
        { event: "items.changed", payload: { jobId: "a", items: [1] } },
        { event: "items.changed", payload: { jobId: "a", items: [2] } },
      ],
    ]);
  });

  test("sends only the last state of each job", async () => {
    const { clock, sent, forwarder } = forward();
    forwarder.push("job.changed", job("a", 1));
    forwarder.push("job.changed", job("b", 1));
    forwarder.push("job.changed", job("a", 2));
    await clock.advance(50);
    expect(sent[0]!.map(({ payload }) => payload)).toEqual([job("b", 1), job("a", 2)]);
  });

  test("goes on after a batch", async () => {
    const { clock, sent, forwarder } = forward();
    forwarder.push("connection.changed", { connected: false });
    await clock.advance(50);
    forwarder.push("connection.changed", { connected: true });
    await clock.advance(50);
    expect(sent).toHaveLength(2);
  });

  test.each([{ destroyed: true }, { crashed: true }])(
    "sends nothing to a window that is %o",
    async (state) => {
      const { clock, sent, forwarder } = forward(state);
      forwarder.push("connection.changed", { connected: true });
      await clock.advance(50);
      expect(sent).toEqual([]);
    },
  );
});
