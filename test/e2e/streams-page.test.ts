import { createGrpcTransport } from "@connectrpc/connect-node";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bearer } from "#contracts/client.ts";
import { SyncClient } from "#contracts/sync-client.ts";
import { SyncClientKind, type SyncPeer } from "#gen/sync_pb.ts";
import { systemClock } from "#kernel/clock.ts";
import { systemRandom } from "#kernel/random.ts";
import { embeddedInstallation, startServer, testFile } from "../integration/server-harness.ts";
import { startCallServer } from "../support/call-server.ts";
import { type PageServer, servePage } from "../support/page-server.ts";
import { describeReal, real } from "../support/real-components.ts";
import { CHROMIUM_ARGUMENTS } from "../support/window-browser.ts";

type Call = (url: string) => Promise<unknown>;

describeReal("streams in a page", ["chromium"], () => {
  let pages: PageServer;
  let browser: Browser;
  beforeAll(async () => {
    pages = await servePage("test/fixtures/page/streams-page.ts");
    browser = await chromium.launch({ executablePath: real("chromium")!, args: CHROMIUM_ARGUMENTS });
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.[Symbol.asyncDispose]();
  });

  async function openPage(): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(pages.origin);
    return page;
  }
  const run = (page: Page, name: string, url: string) =>
    page.evaluate(([call, to]) => (globalThis as unknown as Record<string, Call>)[call!]!(to!), [name, url]);

  test("calls of all four kinds work, by our transport and by improbable's client", async () => {
    await using server = await startCallServer({ origins: [pages.origin] });
    const page = await openPage();
    expect(await run(page, "callAll", server.url)).toEqual({
      unary: ["done"],
      server: ["first", "last"],
      client: ["b"],
      bidi: ["a", "ü€"],
    });
    expect(await run(page, "callAllWithImprobable", server.url)).toEqual({
      unary: { code: 0, heard: ["done"] },
      server: { code: 0, heard: ["first", "last"] },
      client: { code: 0, heard: ["b"] },
      bidi: { code: 0, heard: ["a", "b"] },
    });
    expect(server.cancelled).toEqual([]);
    await page.close();
  });

  test("an aborted call and a closed tab each stop the work once, with their reasons", async () => {
    await using server = await startCallServer({ origins: [pages.origin] });
    const page = await openPage();
    const aborted = run(page, "work", server.url);
    await server.work.began(1);
    await page.evaluate(() => (globalThis as unknown as Record<string, () => void>).stopWork!());
    await server.work.stopped(1);
    expect(await aborted).toMatch(/canceled|aborted/i);
    run(page, "work", server.url).catch(() => {});
    await server.work.began(2);
    await page.close();
    await server.work.stopped(2);
    expect(server.cancelled.map(({ reason }) => reason)).toEqual(["client_cancelled", "client_gone"]);
  });

  test("a server that drains tells the page so", async () => {
    await using server = await startCallServer({ origins: [pages.origin] });
    const page = await openPage();
    const ended = run(page, "work", server.url);
    await server.work.began();
    server.drain();
    expect(await ended).toMatch(/unavailable.*being stopped/);
    await page.close();
  });

  test("a page of an origin that is not allowed gets no socket", async () => {
    await using server = await startCallServer({ origins: ["https://studio.example"] });
    const page = await openPage();
    expect(await run(page, "work", server.url)).toMatch(/unavailable/);
    expect(server.logger.of("request.refused")).toMatchObject([{ fields: { origin: pages.origin } }]);
    await page.close();
  });

  test("a page and a desktop of one user see each other, and what changes", async () => {
    const installation = await embeddedInstallation();
    const server = await startServer(installation, { origins: [pages.origin] });
    const stop = new AbortController();
    const seen: string[] = [];
    const peers = Promise.withResolvers<readonly SyncPeer[]>();
    const interceptors = [bearer(() => server.token()) as never];
    const transport = createGrpcTransport({ baseUrl: server.url, interceptors }) as never;
    const desktop = new SyncClient(
      { transport, clock: systemClock, random: systemRandom },
      { clientId: "desktop-1", kind: SyncClientKind.DESKTOP },
      { presence: (all) => all.length === 2 && peers.resolve(all) },
    );
    const running = desktop.run(stop.signal);
    const page = await openPage();
    await page.exposeFunction("heard", (what: string) => seen.push(what));
    await page.evaluate(
      ([url, token]) => {
        const own = globalThis as unknown as Record<string, (...all: unknown[]) => void>;
        own.follow!(url, token, own.heard);
      },
      [server.url, await server.token()],
    );
    expect((await peers.promise).map(({ clientId, kind }) => [clientId, kind])).toEqual([
      ["desktop-1", SyncClientKind.DESKTOP],
      ["page-1", SyncClientKind.PAGE],
    ]);
    const { items } = await server.client().uploads.createUploads({ items: [testFile().announcement] });
    await expect.poll(() => seen).toContain(items[0]!.mediaId);
    expect(seen).toContain("desktop-1 and page-1");
    await page.close();
    stop.abort();
    await running;
    await server[Symbol.asyncDispose]();
    await installation[Symbol.asyncDispose]();
  });
});
