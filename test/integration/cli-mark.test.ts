import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { heic, photo } from "../fixtures/pictures/pictures.ts";
import { filesBelow } from "../support/files-below.ts";
import { canMount, onSmallDisk } from "../support/small-disk.ts";
import { CliWorld, killGroup } from "./cli-harness.ts";

const CORNER = `template "corner" { payload = "ECO-2026"  location = "text(bottom_right, scale=0.06)" }`;

/** A world with a template, and the command that marks its pictures with it. */
async function markWorld() {
  const world = await CliWorld.make();
  const template = join(world.folder, "corner.platemark");
  await writeFile(template, CORNER);
  const [output, records] = [join(world.folder, "marked"), join(world.folder, "proofs")];
  const command = ["mark", world.pictures, output, "--template", template, "--record", records, "--json"];
  return { world, template, output, records, command };
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `${n}.jpg`);
const many = names(60);

describe("platemark mark", () => {
  test("marks and proves a folder, and names what it cannot mark", async () => {
    const { world, output, records, command } = await markWorld();
    await using _world = world;
    const jpeg = await photo().jpeg().toBuffer();
    const originals: Record<string, Uint8Array> = {
      "a.jpg": jpeg,
      "day 1/图片.png": await photo().png().toBuffer(),
      "day 1/c.webp": await photo().webp({ quality: 80 }).toBuffer(),
    };
    for (const [name, body] of Object.entries(originals)) await world.addFile(name, body);
    await world.addFile("broken.jpg", jpeg.subarray(0, 900));
    await world.addFile("phone.jpg", heic());
    await world.addFile("notes.txt", "no picture");

    const marked = await world.run(command);
    expect(marked).toMatchObject({ code: 1, stderr: "" });
    expect(marked.events.at(-1)).toMatchObject({ found: 5, marked: 3, kept: 0, failed: 2, ignored: 1 });
    const told = Object.fromEntries(marked.events.map((event) => [event.file, event]));
    expect(told).toMatchObject({
      "a.jpg": { state: "marked", path: "spliced", proof: "exact", reason: null, record: expect.anything() },
      "day 1/图片.png": { state: "marked", path: "pixels", proof: "exact" },
      "day 1/c.webp": { state: "marked", path: "recoded", proof: "bounded" },
      "broken.jpg": { state: "failed", reasonCode: "picture.truncated", output: null, record: null },
      "phone.jpg": { state: "failed", reasonCode: "picture.unsupported_heic" },
    });
    const marks = Object.keys(originals).toSorted();
    expect(await filesBelow(output)).toEqual(marks);
    expect(await filesBelow(records)).toEqual(marks.map((name) => `${name}.proof.json`));
    for (const name of marks) expect(await readFile(join(world.pictures, name))).toEqual(originals[name]);
    const verified = await Promise.all(
      marks.map((name) => {
        const record = join(records, `${name}.proof.json`);
        return world.run(["verify", join(world.pictures, name), join(output, name), "--record", record]);
      }),
    );
    expect(verified.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
  });

  test("tells people in a table, and what a template asks for in vain", async () => {
    const { world, template, output } = await markWorld();
    await using _world = world;
    await world.addPictures(["a.jpg"]);
    await writeFile(
      template,
      CORNER.replace("ECO-2026", "© $(IPTC.CREATOR) $(FILE.NAME) $(CLIENT) $(SEQUENCE)"),
    );
    const one = await world.run(["mark", join(world.pictures, "a.jpg"), output, "--template", template]);
    expect(one).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(/must end like “a\.jpg”/),
    });
    const values = ["--set", "CLIENT=Kern = Söhne", "--set", "SKU=1"];
    const folder = await world.run(["mark", ...values, world.pictures, output, "--template", template]);
    expect(folder).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 picture found\.\n +Marked +1\n(.*\n)+ +Time +0:0\d\n$/),
      stderr: "The template does not ask for SKU.\nOn 1 picture: IPTC.CREATOR is not in this picture.\n",
    });
  });

  test("leaves only whole, proven pictures when it is killed, and goes on with --existing keep", async () => {
    const { world, output, records, command } = await markWorld();
    await using _world = world;
    await world.addPictures(many);
    const killed = world.start(command);
    await killed.seen(/"event":"picture"/);
    killGroup(killed.process);
    await killed.finished;
    const before = (await filesBelow(output)).filter((name) => !name.startsWith("."));
    expect(before.length).toBeGreaterThan(0);
    for (const name of before)
      expect((await stat(join(records, `${name}.proof.json`))).size).toBeGreaterThan(0);
    const rest = await world.run([...command, "--existing", "keep"]);
    expect(rest.code).toBe(0);
    for (const name of before) expect(rest.pictures[name]).toBe("kept");
    // The same marks again are the same bytes.
    const again = join(world.folder, "again");
    const [mark, input, , ...flags] = command;
    expect((await world.run([mark!, input!, again, ...flags, "--existing", "replace"])).code).toBe(0);
    for (const name of many)
      expect(await readFile(join(output, name))).toEqual(await readFile(join(again, name)));
  });

  test("ends cleanly on Ctrl-C with 130", async () => {
    const { world, command } = await markWorld();
    await using _world = world;
    // So many that it cannot be done before it hears of the signal.
    await world.addPictures(names(400));
    const running = world.start(command);
    await running.seen(/"event":"picture"/);
    process.kill(-running.process.pid!, "SIGINT");
    const stopped = await running.finished;
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringMatching(/--existing keep\.\n$/)]);
    expect(stopped.events.at(-1)).toMatchObject({ event: "summary", interrupted: true });
  });

  test("exits 2 for what is put wrongly, and nothing is begun", async () => {
    const { world, template, output, command } = await markWorld();
    await using _world = world;
    await world.addPictures(["a.jpg"]);
    const [both, jobs, existing, unknown] = await Promise.all([
      world.run([...command, "--text", "x"]),
      world.run([...command, "--jobs", "0"]),
      world.run([...command, "--existing", "eat"]),
      world.run([...command, "--set", "JOBCOD=1"]),
    ]);
    await writeFile(template, CORNER.replace("bottom_right", "bottomright"));
    const bad = await world.run(command);
    expect([both, jobs, existing, unknown, bad].map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(unknown.stderr).toMatch(/`JOBCOD` cannot be set, did you mean `JOBCODE`\?/);
    expect(jobs.stderr).toMatch(/--jobs is a whole number from 1 to 64, not “0”/);
    expect(existing.stderr).toMatch(/refuse, keep, replace/);
    expect(bad.stderr).toMatch(/did you mean `bottom_right`/);
    await expect(stat(output)).rejects.toThrow();
  });

  test.skipIf(!canMount())("says that the disk is full, and ends with 3", async () => {
    const { world, output, records, command } = await markWorld();
    await using _world = world;
    for (const name of ["a.jpg", "b.jpg"])
      await world.addFile(name, await photo({ width: 900, height: 900 }).png().toBuffer());
    await mkdir(output);
    const full = await world.start(command, {}, onSmallDisk(output, "64k")).finished;
    expect([full.code, full.stderr]).toEqual([
      3,
      expect.stringMatching(/--existing keep\.\n.*the disk is full\.\nMake room/),
    ]);
    expect(full.events.at(-1)).toMatchObject({ event: "summary", marked: 0, interrupted: true });
    expect(await filesBelow(records)).not.toEqual([]);
  });
});
