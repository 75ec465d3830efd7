import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ItemView, type JobView, previewPath, thumbPath } from "#contracts/ipc.ts";
import { systemClock } from "#kernel/clock.ts";
import { lockHome } from "../../studio/home-lock.ts";
import { buildDesktop } from "../standin/build.ts";
import { StandInApp } from "../standin/launch.ts";
import { describeReal } from "../support/real-components.ts";

const SLOW = { timeout: 90_000, interval: 100 };

/** Small pictures, each with a content of its own. */
async function makePictures(folder: string, count: number): Promise<void> {
  await mkdir(folder);
  for (let index = 0; index < count; index += 1)
    await sharp({
      create: { width: 640, height: 480, channels: 3, background: { r: index * 6, g: 90, b: 120 } },
    })
      .jpeg()
      .toFile(join(folder, `picture-${index}.jpg`));
}

/** The real bundles on a stand-in for `electron`: see test/standin/electron.ts for what that shows and what it cannot. */
describeReal("the desktop program, on a stand-in for Electron", ["chromium"], () => {
  let out: string;
  beforeAll(async () => {
    out = await buildDesktop();
  });

  describe("around a scripted core", () => {
    const programs = {
      "core-process.js": fileURLToPath(new URL("../standin/scripted-core-process.ts", import.meta.url)),
      "previews-main.js": fileURLToPath(new URL("../standin/echo-child-process.ts", import.meta.url)),
    };
    let app: StandInApp;
    beforeAll(async () => {
      app = await StandInApp.launch({ out, programs });
    });
    afterAll(() => app[Symbol.asyncDispose]());
    /** What the core has heard from the shell and from its child. */
    const heard = async () =>
      ((await app.call("folder.list", { path: null })) as { ok: { path: string } }).ok.path.split("\n");
    const raw = (channel: string, request: unknown, where: "page" | "frame" = "page") =>
      app.command(
        "evaluate",
        `__standinInvoke(${JSON.stringify(channel)}, [${JSON.stringify(request)}])`,
        where,
      );

    test("shows its own page in a guarded window, and only once it is drawn", async () => {
      const { windows, schemes } = await app.command("inspect");
      expect(windows).toHaveLength(1);
      expect(windows[0]!.shown).toBe(true);
      expect(windows[0]!.options).toMatchObject({
        show: false,
        webPreferences: {
          contextIsolation: true,
          sandbox: true,
          nodeIntegration: false,
          webSecurity: true,
          webviewTag: false,
        },
      });
      expect(schemes).toEqual([
        {
          scheme: "platemark",
          privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
        },
      ]);
      await app.waitFor("document.querySelector('#window')?.childElementCount > 0");
      expect((await app.command("inspect")).windows[0]!.complaints).toEqual([]);
    });

    test("answers calls from its page", async () => {
      expect(await app.call("app.info", {})).toMatchObject({ ok: { version: "0.1.0" } });
    });

    test("gives the page the bridge's three functions and nothing of Node or Electron", async () => {
      expect(await app.evaluate("Object.keys(window.platemark).sort()")).toEqual([
        "call",
        "on",
        "pathForFile",
      ]);
      expect(await app.evaluate("[typeof require, typeof process, typeof module]")).toEqual(
        Array(3).fill("undefined"),
      );
    });

    test("gives events to whoever listens, until he stops", async () => {
      await app.evaluate(`(() => {
        window.heard = [];
        const stop = window.platemark.on("job.changed", ({ job }) => { window.heard.push(job.state); stop(); });
      })()`);
      const started = (await app.call("import.start", { path: "/pictures" })) as { ok: { jobId: string } };
      await app.waitFor("window.heard.length > 0");
      await app.call("import.start", { path: "/pictures" });
      await app.call("jobs.list", {});
      expect(await app.evaluate("window.heard")).toEqual(["done"]);
      expect(started.ok.jobId).toBe("job-1");
    });

    test("shows thumbnails that the core has, under the page's own origin", async () => {
      const size = await app.evaluate<number[]>(`(async () => {
        const picture = new Image();
        picture.src = "/thumb/" + encodeURIComponent("job-1:0");
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight];
      })()`);
      expect(Math.max(...size)).toBe(320);
      expect(await app.evaluate("fetch('/thumb/none').then((answer) => answer.status)")).toBe(404);
    });

    test("lets its page load nothing from elsewhere and run no script that is not built in", async () => {
      const violations = await app.evaluate(`(async () => {
        const seen = [];
        const all = new Promise((resolve) => document.addEventListener("securitypolicyviolation", (event) => {
          seen.push(event.effectiveDirective);
          if (seen.length === 4) resolve(seen.sort());
        }));
        fetch("https://www.apache.org/").catch(() => {});
        new Image().src = "https://www.apache.org/logo.png";
        document.body.append(Object.assign(document.createElement("iframe"), { src: "https://www.apache.org/" }));
        try { document.createElement("div").innerHTML = "<b>text</b>"; } catch {}
        return all;
      })()`);
      expect(violations).toEqual(["connect-src", "frame-src", "img-src", "require-trusted-types-for"]);
    });

    test("refuses names that the contract does not have, in the page and behind it", async () => {
      await expect(app.call("shell.run", {})).rejects.toThrow(/does not know/);
      await expect(app.evaluate("window.platemark.on('secrets', () => {})")).rejects.toThrow(/does not send/);
      await expect(app.evaluate("window.platemark.call('constructor', {})")).rejects.toThrow(/does not know/);
      await expect(raw("shell.run", {})).rejects.toThrow(/No handler/);
    });

    test("refuses requests that do not fit their channel", async () => {
      expect(await app.call("import.start", { path: "" })).toMatchObject({
        error: { code: "invalid_argument" },
      });
      expect(await raw("items.page", "DROP TABLE")).toMatchObject({ error: { code: "invalid_argument" } });
    });

    test("refuses frames inside its page, whatever they claim", async () => {
      await app.evaluate(
        "document.querySelectorAll('iframe').forEach((frame) => frame.remove()), void document.body.append(document.createElement('iframe'))",
      );
      expect(await raw("jobs.list", {}, "frame")).toMatchObject({ error: { code: "permission_denied" } });
      expect(await raw("jobs.list", {})).toHaveProperty("ok");
    });

    test("stays on its page, opens no windows, and sends named https links to the browser", async () => {
      const before = await app.evaluate("location.href");
      for (const url of ["https://example.com/", "http://127.0.0.1:1/", "file:///etc/passwd"])
        await app.evaluate(`void (location.href = ${JSON.stringify(url)})`).catch(() => {});
      for (const url of ["https://example.com/", "https://www.apache.org/licenses/LICENSE-2.0"])
        await app.evaluate(`void window.open(${JSON.stringify(url)})`);
      await expect
        .poll(async () => (await app.command("inspect")).openedOutside, SLOW)
        .toEqual(["https://www.apache.org/licenses/LICENSE-2.0"]);
      await expect.poll(async () => (await app.command("inspect")).pages, SLOW).toBe(1);
      expect(await app.evaluate("location.href")).toBe(before);
      expect(app.output).toContain('"event":"navigation.refused"');
    });

    test.each(["geolocation", "media", "notifications", "openExternal"])("grants no %s", async (name) => {
      expect(await app.command("permission", name)).toBe(false);
    });

    test("chooses a folder by the system's own dialog", async () => {
      await app.command("set", { chosenFolder: "/pictures/Chairs" });
      expect(await app.call("folder.choose", {})).toEqual({ ok: { path: "/pictures/Chairs" } });
      await app.command("set", { chosenFolder: null });
      expect(await app.call("folder.choose", {})).toEqual({ ok: { path: null } });
    });

    test("finds the path of what was dropped, and none for what a page made up", async () => {
      expect(
        await app.evaluate(
          "window.platemark.pathForFile(Object.assign(new File([], 'a.jpg'), { standinPath: '/a.jpg' }))",
        ),
      ).toBe("/a.jpg");
      expect(await app.evaluate("window.platemark.pathForFile(new File([], 'a.jpg'))")).toBe("");
    });

    test("starts the core's children, with a channel between the two, and tells of their end", async () => {
      await app.call("folder.list", { path: "/child" });
      await expect.poll(heard, SLOW).toContain('child says {"echo":{"hello":"child"},"inherited":[]}');
      await app.call("folder.list", { path: "/child/kill" });
      await expect
        .poll(async () => (await heard()).some((line) => line.startsWith("child ended")), SLOW)
        .toBe(true);
      expect(Object.keys((await app.command("inspect")).pids)).toEqual(["core-process.js"]);
    });

    test("tells the core of sleep, waking and the network", async () => {
      await app.command("power", "suspend");
      await app.command("set", { online: false });
      await app.command("power", "resume");
      await expect.poll(heard, SLOW).toEqual(expect.arrayContaining(["suspend", "resume", "offline"]));
    });

    test("gives a query up when its page goes away", async () => {
      await app.evaluate("void window.platemark.call('folder.list', { path: '/never' })");
      await app.command("reload");
      await expect.poll(heard, SLOW).toContain("cancelled");
    });

    test("comes back by itself when the core is killed, and says so meanwhile", async () => {
      await app.evaluate(`(() => {
        window.states = [];
        window.platemark.on("connection.changed", ({ connected }) => window.states.push(connected));
        window.lost = window.platemark.call("folder.list", { path: "/never" });
      })()`);
      const { pids } = await app.command("inspect");
      process.kill(pids["core-process.js"]!, "SIGKILL");
      expect(await app.evaluate("window.lost")).toMatchObject({ error: { code: "unavailable" } });
      expect(await app.call("jobs.list", {})).toMatchObject({ error: { code: "unavailable" } });
      // The page loaded just before may still be told that there is a core: that comes first, if at all.
      await app.waitFor("window.states.join().endsWith('false,true')");
      expect(await app.call("jobs.list", {})).toHaveProperty("ok");
    });

    test("wakes the first when it is started twice, and ends", async () => {
      const second = StandInApp.launch({ out, programs, home: app.home });
      await expect(second).rejects.toThrow(/ended with 0/);
      await expect.poll(async () => (await app.command("inspect")).windows[0]!.focused, SLOW).toBe(1);
    });

    test("answers nobody but its own page in the window", async () => {
      await app.command("blank");
      expect(await raw("jobs.list", {})).toMatchObject({ error: { code: "permission_denied" } });
    });

    test("closes the core before it ends", async () => {
      await app.command("quit");
      expect(await app.exit()).toBe(0);
      expect(app.output).toContain("core closed");
    });
  });

  describe("around the studio", () => {
    const counts = async (app: StandInApp) => {
      const answer = (await app.call("jobs.list", {})) as { ok?: { jobs: JobView[] } };
      return answer.ok?.jobs.map(({ state, found, counts }) => ({ state, found, ...counts }))[0];
    };

    test("marks the sample pictures at one click, and shows original and mark", async () => {
      await using app = await StandInApp.launch({ out });
      expect(await app.call("app.info", {})).toMatchObject({ ok: { shell: "desktop", home: app.home } });
      await app.evaluate(
        "[...document.querySelectorAll('button')].find((button) => /sample/i.test(button.textContent)).click()",
      );
      await expect.poll(() => counts(app), SLOW).toEqual({ state: "done", found: 24, marked: 24 });
      const [job] = ((await app.call("jobs.list", {})) as { ok: { jobs: JobView[] } }).ok.jobs;
      const page = await app.call("items.page", { jobId: job!.id, offset: 0, limit: 1 });
      const { id } = (page as { ok: { items: ItemView[] } }).ok.items[0]!;
      for (const path of [thumbPath(id), previewPath(id, "original"), previewPath(id, "marked")])
        expect(
          await app.evaluate(
            `fetch("/${path}").then((answer) => [answer.status, answer.headers.get("content-type")])`,
          ),
        ).toEqual([200, "image/webp"]);
      expect((await app.command("inspect")).windows[0]!.complaints).toEqual([]);
    }, 150_000);

    test("waits for another Platemark in its home, says so, and opens when that ends", async () => {
      const home = await mkdtemp(join(tmpdir(), "platemark-standin-"));
      try {
        const signal = new AbortController().signal;
        const lock = await lockHome(home, { clock: systemClock, signal, wait: false });
        await using app = await StandInApp.launch({ out, home });
        await expect
          .poll(() => app.call("jobs.list", {}), SLOW)
          .toMatchObject({ error: { code: "home.locked" } });
        lock[Symbol.dispose]();
        await expect.poll(() => app.call("jobs.list", {}), SLOW).toEqual({ ok: { jobs: [] } });
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    }, 120_000);

    test("finishes an import whose core is killed, and whose window is closed, without asking", async () => {
      const home = await mkdtemp(join(tmpdir(), "platemark-standin-"));
      const pictures = join(home, "card");
      const bounds = { x: 40, y: 60, width: 1000, height: 700 };
      await makePictures(pictures, 16);
      try {
        await using first = await StandInApp.launch({ out, home });
        await first.call("import.start", { path: pictures });
        await expect.poll(async () => (await counts(first))?.marked ?? 0, SLOW).toBeGreaterThan(0);
        process.kill((await first.command("inspect")).pids["core-process.js"]!, "SIGKILL");
        await expect.poll(() => counts(first), SLOW).toMatchObject({ found: 16 });
        await first.command("setBounds", bounds);
        await first.command("closeWindow");
        expect(await first.exit()).toBe(0);
        expect(first.output).not.toContain("core.close_timed_out");
        expect(JSON.parse(await readFile(join(home, "window.json"), "utf8"))).toMatchObject(bounds);

        await using second = await StandInApp.launch({ out, home });
        expect((await second.command("inspect")).windows[0]!.options).toMatchObject(bounds);
        await expect.poll(() => counts(second), SLOW).toEqual({ state: "done", found: 16, marked: 16 });
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    }, 200_000);
  });

  test("says what is wrong with its settings, and does not start", async () => {
    process.env.PLATEMARK_MARK_QPS = "many";
    try {
      await expect(StandInApp.launch({ out })).rejects.toThrow(/ended with 3[\s\S]*PLATEMARK_MARK_QPS/);
    } finally {
      delete process.env.PLATEMARK_MARK_QPS;
    }
  });
});
