import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdtemp, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { factsOf, fileSource, readWhole } from "./read-file.ts";

const signal = new AbortController().signal;
const body = randomBytes(3 * 1024 * 1024 + 17);
const digest = createHash("sha256").update(body).digest("hex");
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-read-"));
  path = join(folder, "a.tif");
  await writeFile(path, body);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("reading a file", () => {
  test("gives the same checksum in one piece and as a stream", async () => {
    const facts = await factsOf(path);
    const into = Buffer.alloc(body.length);
    expect(await readWhole(path, facts, { into, signal })).toBe(digest);
    expect(into.equals(body)).toBe(true);
    expect(await readWhole(path, facts, { into: null, signal })).toBe(digest);
  });

  test.each([true, false])("notices a file that is not what the scan saw (kept: %s)", async (keep) => {
    const facts = await factsOf(path);
    const into = keep ? Buffer.alloc(facts.size) : null;
    await appendFile(path, "more");
    await expect(readWhole(path, facts, { into, signal })).rejects.toMatchObject({ code: "file.changed" });
    await truncate(path, 100);
    await expect(readWhole(path, facts, { into, signal })).rejects.toMatchObject({ code: "file.changed" });
  });

  test("sends a range of it, and stops when the file is touched on the way", async () => {
    const facts = await factsOf(path);
    const source = fileSource(path, facts);
    expect((await collect(source.stream(100, 700_000))).equals(body.subarray(100, 700_000))).toBe(true);
    const reader = source.stream(0, body.length).getReader();
    await reader.read();
    await utimes(path, 1, 1);
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "file.changed" });
  });

  test("says when it is gone or may not be read", async () => {
    const facts = await factsOf(path);
    await rm(path);
    await expect(readWhole(path, facts, { into: null, signal })).rejects.toMatchObject({
      code: "file.vanished",
    });
    await expect(factsOf(`${folder}\0`)).rejects.toMatchObject({ code: "file.unreadable" });
  });
});
