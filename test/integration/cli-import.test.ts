import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CliWorld, killGroup } from "./cli-harness.ts";

const SENTENCE = /^[A-Z].+\.$/;

describe("platemark import with a template", () => {
  const source = (text: string, more = "") =>
    `template "studio" {\n  ${more}\n  text "${text}" { size = 5% anchor = bottom_right }\n}\n`;

  test("marks with it, and again when it says something else", { timeout: 120_000 }, async () => {
    await using world = await CliWorld.make();
    await world.addPictures(["a.jpg", "b.jpg"]);
    const file = join(world.folder, "studio.platemark");
    await writeFile(file, source("© $(FILE.NAME)"));
    const marked = { "a.jpg": "marked", "b.jpg": "marked" };
    expect((await world.importPictures("--template", file)).pictures).toEqual(marked);
    const again = { "a.jpg": "already", "b.jpg": "already" };
    expect((await world.importPictures("--template", file)).pictures).toEqual(again);
    await writeFile(file, source("© North"));
    expect((await world.importPictures("--template", file)).pictures).toEqual(marked);
  });

  test("says where a template is wrong, begins nothing, and ends with 2", { timeout: 120_000 }, async () => {
    await using world = await CliWorld.make();
    await world.addPictures(["a.jpg"]);
    const file = join(world.folder, "studio.platemark");
    await writeFile(file, source("© North").replace("bottom_right", "bottomright"));
    const wrong = await world.importPictures("--template", file);
    expect(wrong).toMatchObject({ code: 2, events: [] });
    expect(wrong.stderr).toMatch(/studio\.platemark:3:\d+: error: .*did you mean `bottom_right`/);
    const missing = await world.importPictures("--template", join(world.folder, "none.platemark"));
    expect(missing).toMatchObject({ code: 3, events: [] });
    await writeFile(file, source("© North", 'level = trace payload = "x"'));
    const trace = await world.importPictures("--template", file);
    expect(trace).toMatchObject({ code: 2, stderr: expect.stringContaining("level = copyright") });
    const both = await world.importPictures("--template", file, "--text", "© North");
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("--text") });
  });
});

describe("platemark import", () => {
  test("tells scripts of each picture once, exits 1 for what cannot be marked, and sends nothing twice", async () => {
    await using world = await CliWorld.make();
    const names = ["a.jpg", "tag 1/é.jpg".normalize("NFC"), "tag 1/é.jpg".normalize("NFD"), "图片.jpg"];
    await world.addPictures(names);
    await world.addFile("phone.heic", "ftypheic");
    await world.addFile("cut.jpg", (await import("node:crypto")).randomBytes(300));
    await world.addFile("notes.txt", "no picture");

    const first = await world.importPictures();
    expect(first.stderr).toBe("");
    expect(first.code).toBe(1);
    expect(first.pictures).toEqual({
      ...Object.fromEntries(names.map((name) => [name, "marked"])),
      "phone.heic": "failed",
      "cut.jpg": "failed",
    });
    const pictures = first.events.filter(({ event }) => event === "picture");
    expect(pictures).toHaveLength(6);
    for (const line of pictures) {
      const failed = line.state === "failed";
      expect(line).toMatchObject({
        reason: failed ? expect.stringMatching(SENTENCE) : null,
        reasonCode: failed ? expect.stringMatching(/^picture\./) : null,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      if (!failed)
        expect(line).toMatchObject({
          objectKey: expect.stringMatching(/^raw\/studio\//),
          markedKey: expect.stringMatching(/^watermarked\/studio\//),
        });
    }
    expect(first.events.at(-1)).toMatchObject({
      event: "summary",
      found: 6,
      marked: 4,
      already: 0,
      failed: 2,
      ignored: 1,
      seconds: expect.any(Number),
    });

    await rm(join(world.pictures, "phone.heic"));
    await rm(join(world.pictures, "cut.jpg"));
    const second = await world.importPictures();
    expect(second.code).toBe(0);
    expect(second.pictures).toEqual(Object.fromEntries(names.map((name) => [name, "already"])));
    expect(second.events.at(-1)).toMatchObject({ already: 4, marked: 0, failed: 0, bytes: 0 });
    const keys = (events: typeof pictures) =>
      events.map(({ traceId, objectKey }) => `${traceId} ${objectKey}`).toSorted();
    expect(keys(second.events.filter(({ event }) => event === "picture"))).toEqual(
      keys(pictures.filter(({ state }) => state === "marked")),
    );
  });

  test("shows people a table and each failed picture, and writes nothing outside its home", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(["a.jpg"]);
    await world.addFile("b.nef", "raw");
    const elsewhere = join(world.folder, "elsewhere");
    await mkdir(elsewhere);
    const result = await world.run(["import", world.pictures, "--text", "© Test", "--position", "top-left"], {
      HOME: elsewhere,
      XDG_DATA_HOME: elsewhere,
      XDG_CACHE_HOME: elsewhere,
      TMPDIR: elsewhere,
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/✗ b\.nef: Raw files cannot be marked\./);
    expect(result.stdout).toMatch(/Marked +1\n +Already there +0\n +Failed +1/);
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test("waits for another import in the same home, or exits 3 with --no-wait", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(Array.from({ length: 40 }, (_, n) => `${n}.jpg`));
    const first = world.start(["import", world.pictures, "--json"]);
    await first.seen(/"event":"p/);
    const waiting = world.start(["import", world.pictures, "--json"]);
    const refused = await world.importPictures("--no-wait");
    expect([refused.code, refused.stdout]).toEqual([3, ""]);
    expect(refused.stderr).toMatch(/Another Platemark \(process \d+\) is at work in /);
    const [one, two] = await Promise.all([first.finished, waiting.finished]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(two.stderr).toMatch(/waiting for it/);
    expect(new Set(Object.values(two.pictures))).toEqual(new Set(["already"]));
  });

  test("ends cleanly on Ctrl-C with 130, and goes on when run again", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(Array.from({ length: 60 }, (_, n) => `${n}.jpg`));
    const interrupted = world.start(["import", world.pictures, "--json"]);
    await interrupted.seen(/"event":"p/);
    process.kill(-interrupted.process.pid!, "SIGINT");
    const stopped = await interrupted.finished;
    expect(stopped.code).toBe(130);
    expect(stopped.events.at(-1)).toMatchObject({ event: "summary", interrupted: true });
    expect(stopped.stderr).toMatch(/Run the same command again/);
    const rest = await world.importPictures();
    expect(rest.code).toBe(0);
    const states = Object.entries(rest.pictures);
    expect(states).toHaveLength(60);
    for (const [file, state] of states) if (stopped.pictures[file]) expect(state).toBe("already");
  });

  test("ends when its launcher is killed, and when nobody reads its output", async () => {
    await using world = await CliWorld.make();
    await world.addPictures(Array.from({ length: 60 }, (_, n) => `${n}.jpg`));
    const orphan = world.start(["import", world.pictures, "--json"]);
    await orphan.seen(/"event":"p/);
    orphan.process.kill("SIGKILL");
    // Its output ends only when the program behind the launcher has ended too.
    await orphan.finished;
    const unread = world.start(["import", world.pictures, "--json"]);
    await unread.seen(/"event":"p/);
    unread.process.stdout!.destroy();
    expect((await unread.finished).code).toBe(141);
    killGroup(orphan.process);
  });
});

describe("a wrong command", () => {
  test.each([
    ["an unknown flag", ["import", ".", "--frobnicate"], {}, /unknown option '--frobnicate'/],
    ["no folder", ["import"], {}, /missing required argument/],
    [
      "a folder that is not there",
      ["import", "/no/such/folder"],
      {},
      /There is no folder “\/no\/such\/folder”/,
    ],
    [
      "a wrong setting",
      ["import", "."],
      { PLATEMARK_MARK_QPS: "many" },
      /“markQps” from PLATEMARK_MARK_QPS is wrong/,
    ],
    ["a wrong mark", ["import", ".", "--opacity", "2"], {}, /The flag --opacity is wrong/],
    ["an unknown command", ["frobnicate"], {}, /unknown command/],
    ["a server without a secret", ["serve", "--port", "0"], {}, /PLATEMARK_TOKEN_SECRET/],
    [
      "a store without keys",
      ["store", "serve", "--port", "0", "--data", "/tmp/x"],
      {},
      /PLATEMARK_S3_ACCESS_KEY/,
    ],
  ])("with %s exits 2, says so, and what to do", async (_what, args, environment, message) => {
    await using world = await CliWorld.make();
    const result = await world.run(args, environment);
    expect([result.code, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toMatch(message);
  });

  test("exits 3 when what it needs does not answer, and names no secret", async () => {
    await using world = await CliWorld.make();
    const result = await world.run(["import", world.pictures], {
      PLATEMARK_DATABASE_URL: "postgres://someone:geheim@127.0.0.1:1/none",
    });
    expect(result.code).toBe(3);
    expect(result.stderr).not.toContain("geheim");
    expect(result.stderr).toMatch(/run the same command again/);
  });

  test("--help and --version answer on standard output with 0", async () => {
    await using world = await CliWorld.make();
    const [help, version] = await Promise.all([world.run(["import", "--help"]), world.run(["--version"])]);
    expect([help.code, version.code]).toEqual([0, 0]);
    expect(help.stdout).toContain("Example:");
    expect(help.stdout.split("\n").length).toBeLessThanOrEqual(40);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
