import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { hex } from "#imaging/proof/block-digest.ts";
import { examinePair } from "#imaging/proof/examine-pair.ts";
import { recordBytes, signRecord } from "#imaging/proof/sign-record.ts";
import { loadProofTools } from "../../server/adapters/proof/proof-tools.ts";
import { loadProofKey, proofKeyPath } from "../../server/proof-key.ts";
import { photo } from "../fixtures/pictures/pictures.ts";
import { CliWorld } from "./cli-harness.ts";

const size = { width: 200, height: 160 };

/** A picture, a marked one, and a record signed with the key of the world's home. */
async function prepare(world: CliWorld) {
  const original = new Uint8Array(await photo(size).png().toBuffer());
  const mark = { create: { width: 60, height: 20, channels: 3, background: "#ffffff" } } as const;
  const overlay = [{ input: await sharp(mark).png().toBuffer(), left: 128, top: 128 }];
  const marked = new Uint8Array(await sharp(original).composite(overlay).removeAlpha().png().toBuffer());
  const tools = await loadProofTools();
  const touched = [{ left: 128, top: 128, width: 60, height: 20 }];
  const finding = await examinePair({ original, marked }, { touched }, tools);
  if (!finding.proven) throw new Error(finding.reason);
  const file = async (bytes: Uint8Array) => ({
    ...finding.facts,
    sha256: hex(await tools.sha256(bytes)),
    bytes: bytes.length,
    key: null,
  });
  const record = await signRecord(
    {
      proofVersion: 1,
      original: await file(original),
      marked: await file(marked),
      template: { name: "corner", version: "1" },
      evidence: finding.evidence,
      software: { name: "platemark", version: "0" },
      traceId: "",
      time: "2026-11-25T18:00:00.000Z",
    },
    await loadProofKey({ path: proofKeyPath(world.home) }),
  );
  const paths = {
    original: join(world.folder, "original.png"),
    marked: join(world.folder, "marked.png"),
    record: join(world.folder, "proof.json"),
    key: join(world.folder, "studio.pem"),
  };
  await writeFile(paths.original, original);
  await writeFile(paths.marked, marked);
  await writeFile(paths.record, recordBytes(record));
  return paths;
}

describe("platemark verify", () => {
  test("says what holds outside the mark, and where the mark is, without a record", async () => {
    await using world = await CliWorld.make();
    const paths = await prepare(world);
    const people = await world.run(["verify", paths.original, paths.marked]);
    expect(people).toMatchObject({ code: 0, stderr: "" });
    expect(people.stdout).toMatch(
      /^Proven\. Outside the mark both have the same pixels: 29,952 of 32,000\.\n/,
    );
    expect(people.stdout).toContain("The mark: 64 × 32 pixels at 128, 128.");
    const scripts = await world.run(["verify", paths.original, paths.marked, "--json"]);
    expect(JSON.parse(scripts.stdout)).toMatchObject({
      proven: true,
      class: "exact",
      basis: "pixels",
      touched: [{ left: 128, top: 128, width: 64, height: 32 }],
      record: null,
    });
  });

  test("checks a record with this home's key, or anywhere with the public one", async () => {
    await using world = await CliWorld.make();
    const { original, marked, record, key } = await prepare(world);
    const own = await world.run(["verify", original, marked, "--record", record]);
    expect(own.stdout).toMatch(
      /^Proven.*\n(.*\n)*The record fits: template “corner”, signed 2026-11-25 18:00 UTC/,
    );
    await writeFile(key, (await world.run(["proof", "key", "--pem"])).stdout);
    const elsewhere = { PLATEMARK_HOME: join(world.folder, "elsewhere") };
    const given = await world.run(["verify", original, marked, "--record", record, "--key", key], elsewhere);
    expect(given).toMatchObject({ code: 0, stdout: own.stdout });
    const unknown = await world.run(["verify", original, marked, "--record", record], elsewhere);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("with --key FILE");
    await expect(stat(elsewhere.PLATEMARK_HOME)).rejects.toThrow();
  });

  test("exits 1 for a changed record, other files, and files that differ everywhere", async () => {
    await using world = await CliWorld.make();
    const { original, marked, record } = await prepare(world);
    const check = async (...files: string[]) => {
      const { code, stdout } = await world.run(["verify", ...files, "--json"]);
      return [code, JSON.parse(stdout).reason];
    };
    expect(await check(original, original, "--record", record)).toEqual([1, "marked"]);
    await writeFile(record, (await readFile(record, "utf8")).replace('"left":128', '"left":127'));
    expect(await check(original, marked, "--record", record)).toEqual([1, "signature"]);
    const other = join(world.folder, "other.png");
    await sharp(marked).negate().png().toFile(other);
    expect(await check(original, other)).toEqual([1, "outside"]);
    await writeFile(other, "no picture");
    expect(await check(original, other)).toEqual([1, "picture.unsupported"]);
  });

  test("exits 2 for files that are not there and records that are none", async () => {
    await using world = await CliWorld.make();
    const { original, marked } = await prepare(world);
    const missing = await world.run(["verify", original, join(world.folder, "none.png")]);
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toMatch(/is not there\.\nTry: platemark verify --help/);
    const none = await world.run(["verify", original, marked, "--record", original]);
    expect(none).toMatchObject({ code: 2 });
  });
});
