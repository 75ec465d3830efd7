import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { REGISTERED_SERVICES } from "../../rpc/registered-services.ts";
import { readEdgeFiles } from "./edge-files.ts";
import { edgeSnapshots } from "./edge-snapshots.ts";

const EC = { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x" };

describe("the files of a site's configuration", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-edge-files-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const read = async (keys: unknown, deliver: "inline" | "path") => {
    const releases = [{ name: "a", endpoints: [{ host: "10.0.0.1", port: 1 }] }];
    await writeFile(
      join(folder, "edge.json"),
      JSON.stringify({ tokens: { jwks: "jwks.json", deliver }, releases }),
    );
    if (keys !== undefined) await writeFile(join(folder, "jwks.json"), JSON.stringify(keys));
    return await readEdgeFiles(join(folder, "edge.json"));
  };

  test("give public keys, or the path of a file that lies beside them", async () => {
    const keys = { keys: [EC] };
    expect((await read(keys, "inline")).keys).toEqual({ inline: JSON.stringify(keys) });
    expect((await read(keys, "path")).keys).toEqual({ path: join(folder, "jwks.json") });
  });

  test.each([
    ["a private key", { ...EC, d: "secret" }],
    ["a shared secret", { kty: "oct", k: "secret" }],
  ])("never give %s to whoever asks, and do not repeat it", async (_what, key) => {
    const refused = read({ keys: [EC, key] }, "inline");
    await expect(refused).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringMatching(/^Key 2 of .* is secret/),
    });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('"secret"') });
    expect((await read({ keys: [key] }, "path")).keys).toEqual({ path: join(folder, "jwks.json") });
  });

  test("are refused by name where one is missing or is not what it should be", async () => {
    await expect(read(undefined, "inline")).rejects.toMatchObject({
      message: expect.stringContaining("jwks.json"),
    });
    await expect(read({ keys: [] }, "inline")).rejects.toMatchObject({
      message: expect.stringContaining("no JSON Web Key Set"),
    });
    await expect(readEdgeFiles(join(folder, "other.json"))).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("ENOENT"),
    });
  });

  test("take the server's own list of origins in, its environment alone", async () => {
    const lists = { production: ["https://shop.example"], staging: ["https://staging.example"] };
    await writeFile(join(folder, "origins.json"), JSON.stringify(lists));
    const releases = [{ name: "a", endpoints: [{ host: "10.0.0.1", port: 1 }] }];
    const edge = {
      origins: ["https://own.example"],
      originsFile: "origins.json",
      environment: "staging",
      releases,
    };
    await writeFile(join(folder, "edge.json"), JSON.stringify(edge));
    const { config } = await readEdgeFiles(join(folder, "edge.json"));
    expect(config.origins.map(({ value }) => value)).toEqual([
      "https://own.example",
      "https://staging.example",
    ]);
  });

  test("that are shipped as an example are good", async () => {
    const { config, keys } = await readEdgeFiles("resources/deploy/envoy/edge.json");
    expect(edgeSnapshots(REGISTERED_SERVICES, config, keys).get("envoy")?.resources.endpoints.size).toBe(2);
  });

  test("are another text when the keys change", async () => {
    const before = await read({ keys: [EC] }, "inline");
    expect((await read({ keys: [EC, EC] }, "inline")).text).not.toBe(before.text);
  });
});
