import { describe, expect, test } from "vitest";
import { isShared, SharedBuffers } from "./shared-buffers.ts";

const MiB = 1024 * 1024;

describe("SharedBuffers", () => {
  test("lends what was given back to the next who asks for no more, and never to two at once", () => {
    const buffers = new SharedBuffers(8 * MiB);
    const first = buffers.lend(1000);
    buffers.giveBack(first.subarray(0, 10));
    const second = buffers.lend(MiB);
    expect(second.buffer).toBe(first.buffer);
    expect(second.length).toBe(MiB);
    expect(buffers.lend(1000).buffer).not.toBe(first.buffer);
  });

  test("lends the smallest that is large enough", () => {
    const buffers = new SharedBuffers(16 * MiB);
    const lent = [4, 2, 3].map((size) => buffers.lend(size * MiB));
    for (const each of lent) buffers.giveBack(each);
    expect(buffers.lend(1.5 * MiB).buffer).toBe(lent[1]!.buffer);
    expect(buffers.lend(2 * MiB).buffer).toBe(lent[2]!.buffer);
    expect(buffers.lend(5 * MiB).buffer.byteLength).toBe(5 * MiB);
  });

  test("keeps no more than it may, and lets go of what has waited longest", () => {
    const buffers = new SharedBuffers(5 * MiB);
    const [early, late] = [buffers.lend(3 * MiB), buffers.lend(4 * MiB)];
    buffers.giveBack(early);
    buffers.giveBack(late);
    expect(buffers.lend(1).buffer).toBe(late.buffer);
    expect(buffers.lend(1).buffer).not.toBe(early.buffer);
  });

  test("takes back what a piece of work has used, but not when somebody may still be at work on it", async () => {
    const buffers = new SharedBuffers(16 * MiB);
    const used: ArrayBufferLike[] = [];
    const work = (end: () => Promise<string>) =>
      buffers.during(
        (lend) => {
          used.push(lend(MiB).buffer);
          return end();
        },
        (error) => error === "in use",
      );
    expect(await work(async () => "done")).toBe("done");
    await expect(work(() => Promise.reject("over"))).rejects.toBe("over");
    await expect(work(() => Promise.reject("in use"))).rejects.toBe("in use");
    await work(async () => "done");
    expect(used.map((buffer) => used.indexOf(buffer))).toEqual([0, 0, 0, 3]);
  });

  test("large ones are ordinary memory, and are not kept", () => {
    const buffers = new SharedBuffers(1024 * MiB);
    const large = buffers.lend(33 * MiB);
    expect([isShared(large), large.length]).toEqual([false, 33 * MiB]);
    buffers.giveBack(large);
    expect(buffers.lend(33 * MiB).buffer).not.toBe(large.buffer);
    expect(isShared(buffers.lend(32 * MiB))).toBe(true);
  });
});
