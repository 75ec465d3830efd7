import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Md5Thread } from "./md5-thread.ts";

describe("the MD5 thread", () => {
  test("hashes several streams at once, whatever their pieces, and the empty one", async () => {
    await using thread = new Md5Thread();
    const bodies = [0, 1, 700_000, 12_000_000].map((size) => randomBytes(size));
    const digests = await Promise.all(
      bodies.map(async (body) => {
        const stream = thread.stream();
        for (let offset = 0; offset < body.length; offset += 65_521)
          await stream.update(body.subarray(offset, offset + 65_521));
        return stream.digest();
      }),
    );
    expect(digests).toEqual(bodies.map((body) => createHash("md5").update(body).digest("hex")));
  });

  test("goes on after a stream that was abandoned", async () => {
    await using thread = new Md5Thread();
    const abandoned = thread.stream();
    abandoned.update(randomBytes(1_000_000));
    abandoned.abandon();
    const stream = thread.stream();
    stream.update(Buffer.from("a"));
    expect(await stream.digest()).toBe(createHash("md5").update("a").digest("hex"));
  });

  test("fails what it had under way when it ends", async () => {
    const thread = new Md5Thread();
    const stream = thread.stream();
    await thread[Symbol.asyncDispose]();
    await expect(stream.digest()).rejects.toThrow("hashing thread");
  });
});
