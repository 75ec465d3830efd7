import { join } from "node:path";
import { expect, test } from "vitest";
import { CliWorld } from "./cli-harness.ts";

test("platemark rollback shows again what files were before, snapshots lists it, and both tell scripts", async () => {
  await using world = await CliWorld.make();
  await world.addPictures(["a.jpg", "b.jpg"]);
  await world.addFile("never imported.jpg", "no picture");
  const [a, b] = ["a.jpg", "b.jpg"].map((name) => join(world.pictures, name)) as [string, string];
  for (const text of ["First", "Second"]) await world.importPictures("--text", text);
  const again = await world.importPictures("--text", "Second");
  const picture = again.events.find(({ event }) => event === "picture")!;
  const objectKey = String(picture.objectKey);

  const listed = await world.run(["snapshots", objectKey, "--json"]);
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  expect(listed.events).toMatchObject([
    { event: "snapshot", key: expect.stringMatching(/_v\d+_prewm$/), template: "settings" },
  ]);

  const rolledBack = await world.run([
    "rollback",
    a,
    b,
    join(world.pictures, "never imported.jpg"),
    "--json",
  ]);
  expect(rolledBack.code).toBe(1);
  expect(rolledBack.events).toMatchObject([
    { event: "rollback", picture: a, state: "rolled_back", reason: null },
    { event: "rollback", picture: b, state: "rolled_back", reason: null },
    { event: "rollback", state: "failed", reasonCode: "not_found" },
  ]);
  expect(rolledBack.events.map(({ objectKey: key }) => key)).toContain(objectKey);

  const people = await world.run(["snapshots", objectKey.replace("raw/", "watermarked/")]);
  expect(people.stdout.trim().split("\n")).toHaveLength(2);
  const to = String(listed.events[0]!.key);
  expect((await world.run(["rollback", objectKey, "--to", to])).stdout).toMatch(/is what it was before\./);
  expect((await world.run(["rollback", a, b, "--to", to])).code).toBe(2);
  expect((await world.run(["snapshots", join(world.pictures, "missing.jpg")])).stderr).toMatch(
    /neither a file/,
  );

  const marked = await world.importPictures("--text", "Second");
  expect(marked.pictures).toMatchObject({ "a.jpg": "marked", "b.jpg": "marked" });
}, 90_000);
