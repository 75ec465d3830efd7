import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadStoreKeys } from "./store-keys.ts";

describe("the embedded store's keys", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "platemark-keys-"));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  test("are made once, for their owner's eyes, also for several who want them at once", async () => {
    const path = join(home, "new", "store-keys.json");
    const all = await Promise.all(Array.from({ length: 8 }, () => loadStoreKeys(path)));
    expect(new Set(all.map(({ secretKey }) => secretKey)).size).toBe(1);
    expect(await loadStoreKeys(path)).toEqual(all[0]);
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home, "new"))).toEqual(["store-keys.json"]);
  });

  test("are not made anew over a file that cannot be read", async () => {
    const path = join(home, "store-keys.json");
    await writeFile(path, '{"accessKey":');
    await expect(loadStoreKeys(path)).rejects.toMatchObject({ code: "config.invalid" });
  });
});
