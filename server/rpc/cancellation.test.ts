import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createContextValues, type StreamRequest, type StreamResponse } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { MediaService } from "#gen/media_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { cancellation, UNOBSERVED } from "./cancellation.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("a stream keeps none of the messages that it has passed on", async () => {
  const kept: WeakRef<object>[] = [];
  async function* messages() {
    for (let n = 0; n < 100; n++) {
      const message = { n };
      kept.push(new WeakRef(message));
      yield message;
    }
    await new Promise(() => {});
  }
  const request = {
    stream: true,
    service: MediaService,
    method: MediaService.method.watchMedia,
    header: new Headers(),
    contextValues: createContextValues(),
    signal: new AbortController().signal,
    message: (async function* () {})(),
  } as unknown as StreamRequest;
  const watch = cancellation(
    UNOBSERVED,
    systemClock,
  )(async () => ({ stream: true, message: messages() }) as unknown as StreamResponse);
  const { message } = (await watch(request)) as StreamResponse;
  const reader = message[Symbol.asyncIterator]();
  for (let n = 0; n < 100; n++) await reader.next();
  // References that are read stay for the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  // The last few may still be in somebody's registers.
  expect(kept.filter((each) => each.deref() !== undefined).length).toBeLessThan(5);
});
