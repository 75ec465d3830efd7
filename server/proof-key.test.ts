import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { loadProofKey } from "./proof-key.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "platemark-proof-key-"));
  path = join(folder, "home", "proof-key.json");
});
afterEach(() => rm(folder, { recursive: true }));

describe("loadProofKey", () => {
  test("makes one key, also for many who ask at once, in a file that only its owner can read", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadProofKey({ path })));
    expect(new Set(keys.map(({ d }) => d)).size).toBe(1);
    expect(await loadProofKey({ path })).toEqual(keys[0]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "home"))).toEqual(["proof-key.json"]);
  });

  test("takes the setting before the file, as JWK or as PEM, and makes no file then", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const { x, d } = privateKey.export({ format: "jwk" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const wanted = { kty: "OKP", crv: "Ed25519", x, d };
    for (const setting of [JSON.stringify(wanted), pem, pem.replaceAll("\n", "\\n")])
      expect(await loadProofKey({ path, setting })).toEqual(wanted);
    await expect(stat(path)).rejects.toThrow();
  });

  test("a wrong key is named without a word of it", async () => {
    const setting = JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "public", d: "very-secret" });
    const error = await loadProofKey({ path, setting }).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: "config.invalid" });
    expect(JSON.stringify([(error as AppError).message, (error as AppError).cause ?? null])).not.toContain(
      "very-secret",
    );
  });

  test("a damaged file is not replaced", async () => {
    await loadProofKey({ path });
    await writeFile(path, "{");
    await expect(loadProofKey({ path })).rejects.toBeInstanceOf(AppError);
    expect(await readFile(path, "utf8")).toBe("{");
  });
});
