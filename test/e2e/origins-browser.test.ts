import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  startServer,
} from "../integration/server-harness.ts";
import { describeReal, real } from "../support/real-components.ts";
import { CHROMIUM_ARGUMENTS } from "../support/window-browser.ts";

/** Everything that the clients of all protocols send, so that a preflight asks for all of it. */
const SENT_BY_CLIENTS = {
  "content-type": "application/json",
  "connect-protocol-version": "1",
  "connect-timeout-ms": "10000",
  "x-grpc-web": "1",
  "x-user-agent": "grpc-web-javascript/0.1",
  "grpc-timeout": "10S",
  "x-request-id": "from-a-page",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "a=b",
  baggage: "c=d",
};

describeReal("pages of several origins in Chromium", ["chromium"], () => {
  let pages: Server;
  let port: number;
  let installation: Installation;
  let server: RunningServer;
  let browser: Browser;
  beforeAll(async () => {
    pages = createServer((_, response) =>
      response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>"),
    );
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    port = (pages.address() as AddressInfo).port;
    installation = await embeddedInstallation();
    server = await startServer(installation, { origins: [`http://shop.localhost:${port}`] });
    browser = await chromium.launch({ executablePath: real("chromium")!, args: CHROMIUM_ARGUMENTS });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
    pages?.closeAllConnections();
    pages?.close();
  });

  const open = async (host: string): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${port}/cart?id=1`);
    return page;
  };
  /** What a page sees of a call: status and request id, or `blocked`. */
  const call = async (page: Page, credentials: RequestCredentials = "omit") => {
    const headers = { ...SENT_BY_CLIENTS, authorization: `Bearer ${await server.token()}` };
    const url = `${server.url}/platemark.v1.MediaService/ListMedia`;
    return page.evaluate(
      async ({ url, headers, credentials }) => {
        try {
          const answer = await fetch(url, { method: "POST", headers, credentials, body: "{}" });
          return `${answer.status} ${answer.headers.get("x-request-id")}`;
        } catch {
          return "blocked";
        }
      },
      { url, headers, credentials },
    );
  };
  const admin = async (method: string, body: object) => {
    const { s3Bucket: bucket } = installation.settings;
    const token = await mintToken({
      secret: SECRET,
      user: "ops",
      bucket,
      scopes: ["admin"],
      now: Date.now(),
    });
    const answer = await fetch(`${server.url}/platemark.v1.AdminService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return answer.json();
  };

  test("call and read the answer when they are on the list, without credentials, and else are blocked", async () => {
    const shop = await open("shop.localhost");
    const stranger = await open("shop.localhost.evil.localhost");
    expect(await call(shop)).toBe("200 from-a-page");
    expect(await call(shop, "include")).toBe("blocked");
    expect(await call(stranger)).toBe("blocked");

    const entries = [
      { kind: "ORIGIN_KIND_WILDCARD", value: `http://*.evil.localhost:${port}`, credentials: true },
    ];
    const { origins } = await admin("GetOrigins", {});
    await admin("SetOrigins", { expectedVersion: origins.version, entries });
    expect(await call(stranger, "include")).toBe("200 from-a-page");
    expect(await call(shop)).toBe("200 from-a-page");
  });

  test("are known by their referer where they send no origin", async () => {
    const stranger = await open("other.localhost");
    const url = `${server.url}/platemark.v1.MediaService/ListMedia`;
    await stranger.evaluate((address) => fetch(address, { mode: "no-cors" }).then(() => null), url);
    expect(server.logger.of("request.refused").at(-1)!.fields).toMatchObject({
      reason: "referer not allowed",
      origin: `http://other.localhost:${port}`,
    });
  });

  test("are strangers in a sandboxed frame, whatever page holds it", async () => {
    const shop = await open("shop.localhost");
    const url = `${server.url}/platemark.v1.MediaService/ListMedia`;
    const script = `fetch(${JSON.stringify(url)}, { method: "POST", body: "{}", headers: { "content-type": "application/json" } })
      .then(() => parent.postMessage("answered", "*"), () => parent.postMessage("blocked", "*"))`;
    const told = await shop.evaluate((frameScript) => {
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      frame.srcdoc = `<script>${frameScript}</script>`;
      return new Promise((resolve) => {
        addEventListener("message", ({ data }) => resolve(data), { once: true });
        document.body.append(frame);
      });
    }, script);
    expect(told).toBe("blocked");
    expect(server.logger.of("request.refused").at(-1)!.fields).toMatchObject({
      reason: "origin not allowed",
      origin: "null",
    });
  });
});
