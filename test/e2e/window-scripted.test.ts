import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErrorBody } from "#kernel/errors.ts";
import { silentLogger } from "#kernel/logger.ts";
import { type ServedWindow, serveWindow } from "../../studio/daemon/serve-window.ts";
import { ScriptedCore } from "../fakes/window-core.ts";
import { describeReal } from "../support/real-components.ts";
import { type OpenedPage, openWindowBrowser, type WindowBrowser } from "../support/window-browser.ts";

const FAILURES = new Map<number, ErrorBody>([
  [3, { code: "store.refused", message: "The store refused the picture: the bucket is full." }],
  [5, { code: "picture.unsupported_heic", message: "HEIC pictures cannot be marked yet." }],
]);

const PATIENT = { timeout: 10_000 };

describeReal("the window in Chromium over the daemon", ["chromium"], () => {
  let browser: WindowBrowser;
  let inbox: string;
  let core: ScriptedCore;
  let served: ServedWindow;
  let opened: OpenedPage[];

  beforeAll(async () => {
    browser = await openWindowBrowser();
  });
  afterAll(() => browser[Symbol.asyncDispose]());

  beforeEach(async () => {
    inbox = await mkdtemp(join(tmpdir(), "platemark-inbox-"));
    opened = [];
  });
  afterEach(async () => {
    const complaints = opened.flatMap((each) => each.complaints);
    await Promise.all(opened.map(({ page }) => page.context().close()));
    await served.close();
    await rm(inbox, { recursive: true, force: true });
    expect(complaints).toEqual([]);
  });

  async function serve(scripted: ScriptedCore, port = 0): Promise<void> {
    core = scripted;
    served = await serveWindow({
      core,
      logger: silentLogger,
      staticDir: browser.staticDir,
      inboxDir: join(inbox, "inbox"),
      port,
    });
  }

  async function open(options: Parameters<WindowBrowser["open"]>[1] = {}): Promise<Page> {
    const each = await browser.open(served.newLink(), options);
    opened.push(each);
    return each.page;
  }

  const status = (page: Page) => page.getByRole("region", { name: "Status" });
  const requestsOf = (channel: string) => core.calls.filter((call) => call.channel === channel);

  test("asks what a template asks of the job, and says it with the import", async () => {
    await serve(new ScriptedCore({ newJob: () => ({ id: "job", label: "Chairs", pictures: 1 }) }));
    core.templates.set("client", "");
    core.templates.set("plain", "");
    core.asks.set("client", ["JOBCODE", "CLIENT"]);
    const page = await open();
    const templates = page.getByRole("combobox", { name: "Mark with" });
    await templates.selectOption("client");
    await page.getByRole("textbox", { name: "Client" }).fill("Kern & Söhne ");
    await templates.selectOption("plain");
    await page.getByRole("textbox", { name: "Client" }).waitFor({ state: "detached" });
    await templates.selectOption("client");
    expect(await page.getByRole("textbox", { name: "Client" }).inputValue()).toBe("Kern & Söhne ");
    await page.getByRole("button", { name: "Choose folder…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Chairs 2026" }).click();
    await page.getByText("318 pictures directly in this folder.").waitFor();
    await page.getByRole("button", { name: "Import this folder" }).click();
    await page.getByRole("heading", { name: "Chairs", exact: true }).waitFor();
    expect(requestsOf("import.start")).toMatchObject([
      { request: { template: "client", values: { CLIENT: "Kern & Söhne" } } },
    ]);
  });

  test("leads by keys alone from the first screen to the comparison and back", async () => {
    await serve(
      new ScriptedCore({ newJob: () => ({ id: "job", label: "Samples", pictures: 24, failures: FAILURES }) }),
    );
    const page = await open();
    await page.getByRole("button", { name: "Try it with sample pictures" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Samples" }).waitFor();
    core.advance("job", 10);
    await status(page).getByText("8 of 24").waitFor();
    core.finish("job");
    await status(page).getByText("22 pictures marked").waitFor();

    await page.getByRole("grid", { name: "Pictures" }).focus();
    for (let time = 0; time < 3; time += 1) await page.keyboard.press("ArrowDown");
    const chosen = page.getByRole("row", { selected: true });
    expect(await chosen.textContent()).toContain("PM-00004.jpg");
    expect(await page.getByRole("grid").getAttribute("aria-activedescendant")).toBe(
      await chosen.getAttribute("id"),
    );
    await page
      .getByRole("complementary", { name: "Inspector" })
      .getByText("the bucket is full")
      .first()
      .waitFor();
    await page.keyboard.press("r");
    await chosen.getByText("Marked").waitFor();

    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Compare original and marked" }).waitFor();
    await loaded(page, "Original");
    await loaded(page, "Marked");
    await page.keyboard.press("ArrowRight");
    await page.getByText("5 of 24").waitFor();
    await page.keyboard.press("s");
    const divider = page.getByRole("slider", { name: "Border between original and marked" });
    await divider.focus();
    await page.keyboard.press("ArrowRight");
    expect(await divider.getAttribute("aria-valuenow")).toBe("52");
    await page.getByText("5 of 24").waitFor();
    await page.keyboard.press("z");
    expect(await page.getByRole("radio", { name: "100 %" }).isChecked()).toBe(true);
    await page.keyboard.press("Escape");
    await page.getByRole("grid", { name: "Pictures" }).waitFor();
    expect(await page.getByRole("row", { selected: true }).textContent()).toContain("PM-00005.jpg");
  });

  test("holds 10,000 pictures and their changes with a screenful of rows", async () => {
    await serve(
      new ScriptedCore({ jobs: [{ id: "big", label: "Card", pictures: 10_000, failures: FAILURES }] }),
    );
    const page = await open();
    await page.getByRole("button", { name: /Card/ }).click();
    const grid = page.getByRole("grid", { name: "Pictures" });
    expect(await grid.getAttribute("aria-rowcount")).toBe("10000");
    await grid.focus();
    await page.keyboard.press("End");
    await page.getByText("PM-10000.jpg").first().waitFor();
    for (let time = 0; time < 20; time += 1) {
      core.advance("big", 500);
      await grid.evaluate((element, part) => {
        element.scrollTop = element.scrollHeight * part;
      }, time / 20);
    }
    await status(page).getByText("9,998 pictures marked").waitFor();
    await page.keyboard.press("Home");
    await page.getByRole("row").filter({ hasText: "PM-00001.jpg" }).getByText("Marked").waitFor();
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    expect(requestsOf("items.page").length).toBeLessThan(80);
    for (const { request } of requestsOf("items.page")) expect(request).toMatchObject({ limit: 100 });
  });

  test("says what needs attention, why, and helps", async () => {
    await serve(
      new ScriptedCore({ jobs: [{ id: "job", label: "Chairs", pictures: 24, failures: FAILURES }] }),
    );
    core.finish("job");
    const page = await open();
    await status(page).getByRole("button", { name: "2 need attention" }).click();
    expect(await page.getByRole("radio", { name: /Need attention/ }).isChecked()).toBe(true);
    const rows = page.getByRole("row");
    await expect.poll(() => rows.count(), PATIENT).toBe(2);
    const heic = rows.filter({ hasText: "HEIC pictures cannot be marked yet." });
    expect(await heic.getByRole("button").count()).toBe(0);
    await rows.filter({ hasText: "bucket is full" }).getByRole("button", { name: "Retry" }).click();
    await expect.poll(() => rows.count(), PATIENT).toBe(1);
    expect(requestsOf("import.retry").at(-1)?.request).toEqual({ jobId: "job", itemIds: ["job:3"] });
  });

  test("takes dropped folders in, with the mark as it was set", async () => {
    await serve(new ScriptedCore());
    const folder = join(inbox, "Stühle");
    await mkdir(join(folder, "Tag 1"), { recursive: true });
    await writeFile(join(folder, "Tag 1", "a b.jpg"), "one");
    await writeFile(join(folder, "c.jpg"), "two");
    await writeFile(join(folder, ".DS_Store"), "no picture");
    const page = await open();
    await page.getByRole("textbox", { name: "Text" }).fill("© Studio");
    await page.getByRole("radio", { name: "Top left" }).check({ force: true });
    await dropOnto(page, ".drop-target", [folder]);
    await page.getByRole("grid", { name: "Pictures" }).waitFor();
    const { path, mark } = requestsOf("import.start")[0]!.request as { path: string; mark: object };
    expect(mark).toMatchObject({ text: "© Studio", position: "top_left" });
    expect(path.endsWith("/Stühle")).toBe(true);
    expect((await readdir(path, { recursive: true })).sort()).toEqual(["Tag 1", "Tag 1/a b.jpg", "c.jpg"]);
  });

  test("offers a mark without text no import, and says why", async () => {
    await serve(new ScriptedCore());
    const page = await open();
    await page.getByRole("textbox", { name: "Text" }).fill(" ");
    await page.getByRole("button", { name: "Choose folder…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Chairs 2026" }).click();
    await page.getByText("318 pictures directly in this folder.").waitFor();
    await page.getByRole("button", { name: "Import this folder" }).click();
    await page.getByRole("alert").getByText("Write the text of the mark first.").waitFor();
    expect(requestsOf("import.start")).toEqual([]);
  });

  test("tells a core that was started anew from one that does not answer", async () => {
    await serve(new ScriptedCore({ jobs: [{ id: "job", label: "Chairs", pictures: 24 }] }));
    const page = await open();
    await page.getByText("Connected").waitFor();
    const port = Number(new URL(served.url).port);
    await served.close();
    await page.getByRole("alert").getByText("reconnects by itself").waitFor();
    await serve(core, port);
    await page.getByRole("alert").getByText("session has ended").waitFor();
    core.finish("job");
    await page.goto(served.newLink());
    await status(page).getByText("24 pictures marked").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    opened[0]!.complaints.length = 0;
  });

  test("speaks the system's language, changes it, and remembers", async () => {
    await serve(new ScriptedCore());
    const page = await open({ locale: "zh-CN" });
    await page.getByRole("heading", { name: "导入图片" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    await page.getByRole("button", { name: "语言：简体中文" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "Import pictures" }).waitFor();
  });

  test("every control has a name, every picture a text, and nothing is wider than a small window", async () => {
    await serve(
      new ScriptedCore({ jobs: [{ id: "job", label: "Chairs", pictures: 24, failures: FAILURES }] }),
    );
    core.finish("job");
    const page = await open({ viewport: { width: 1024, height: 700 } });
    for (const screen of ["#/import", "#/job/job", "#/compare/job", "#/marks"]) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, screen);
      await page.locator(".content").waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      expect(await unnamed(page)).toEqual([]);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
    }
  });
});

/** Waits until the picture with this text has pixels. */
async function loaded(page: Page, alt: string): Promise<void> {
  const image = page.getByRole("img", { name: alt, exact: true });
  await image.waitFor();
  await expect
    .poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth), PATIENT)
    .toBeGreaterThan(0);
}

/** A real drag from outside the browser, files and folders by path. */
async function dropOnto(page: Page, selector: string, files: readonly string[]): Promise<void> {
  const box = (await page.locator(selector).boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  const place = { x: box.x + box.width / 2, y: box.y + 20, data };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...place });
}

/** Controls and pictures that a screen reader could not name. */
function unnamed(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll(
        "button, input, a, [role=slider], [role=grid], [role=dialog], [role=radiogroup], img, svg[role=img]",
      ),
    ]
      .filter((element) => {
        if (element instanceof HTMLImageElement) return !element.hasAttribute("alt");
        const labels =
          element instanceof HTMLInputElement ? [...(element.labels ?? [])].map((l) => l.textContent) : [];
        const by = element.getAttribute("aria-labelledby");
        const name = [
          element.getAttribute("aria-label"),
          by && document.getElementById(by)?.textContent,
          element.tagName === "BUTTON" ? element.textContent : "",
          ...labels,
        ].join("");
        return name.trim() === "";
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}
