import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ErrorInfo, ErrorInfoSchema } from "#gen/errors_pb.ts";
import { REGISTERED_SERVICES } from "../../../server/rpc/registered-services.ts";
import { type CallServer, startCallServer } from "../../support/call-server.ts";
import { type ClientPages, openClientPages } from "../../support/client-page.ts";
import { describeReal } from "../../support/real-components.ts";
import { WorkService } from "../../support/work-service.ts";
import {
  embeddedInstallation,
  type RunningServer,
  SECRET,
  startServer,
  testFile,
} from "../server-harness.ts";
import { ENTRANCES } from "./entrances.ts";
import type { CallOrder, CallOutcome, ClientName } from "./page/call.ts";
import type { ClientsPage } from "./page/page.ts";

/** In the page. */
declare const program: ClientsPage;

const CLIENTS: readonly ClientName[] = [
  "grpc-web binary",
  "grpc-web text",
  "improbable fetch",
  "improbable xhr",
  "improbable websocket",
];
const WORK = "platemark.test.WorkService";
const MEDIA = "platemark.v1.MediaService";
const UPLOADS = "platemark.v1.UploadService";
const [DEADLINE_EXCEEDED, NOT_FOUND, UNAUTHENTICATED] = [4, 5, 16];

for (const entrance of ENTRANCES)
  describeReal(`pages of another origin, ${entrance.name}`, ["chromium", ...entrance.needs], () => {
    const stack = new AsyncDisposableStack();
    let pages: ClientPages;
    let product: RunningServer;
    let work: CallServer;
    let [atProduct, atWork] = ["", ""];
    let page: Page;
    let stranger: Page;
    beforeAll(async () => {
      pages = stack.use(await openClientPages("test/integration/clients/page/page.ts"));
      const origins = [pages.allowedOrigin];
      product = stack.use(await startServer(stack.use(await embeddedInstallation()), { origins }));
      work = stack.use(await startCallServer({ origins }));
      const servers = [
        { port: Number(new URL(product.url).port), services: REGISTERED_SERVICES, origins, secret: SECRET },
        { port: work.port, services: [WorkService], origins },
      ];
      const ports = await entrance.open(servers, stack);
      [atProduct, atWork] = ports.map((port) => `http://127.0.0.1:${port}`) as [string, string];
      page = await pages.open(pages.allowedOrigin);
      stranger = await pages.open(pages.refusedOrigin);
    });
    afterAll(() => stack.disposeAsync());

    const call = (order: CallOrder, on = page): Promise<CallOutcome> =>
      on.evaluate((told) => program.call(told), order);
    const bearer = async () => ({ authorization: `Bearer ${await product.token()}` });
    const rows = async () => (await product.client().media.listMedia({})).items.length;

    describe.each(CLIENTS)("%s", (client) => {
      test("calls the product, and reads its identity and its errors", async () => {
        const metadata = { ...(await bearer()), "x-request-id": "from-a-page-1" };
        const listed = await call({
          client,
          host: atProduct,
          method: `${MEDIA}/ListMedia`,
          requests: [{}],
          metadata,
        });
        expect(listed).toMatchObject({ status: 0, count: 1, metadata: { "x-request-id": "from-a-page-1" } });
        const parts = { mediaId: "nobody's", uploadId: "ü" };
        const method = `${UPLOADS}/ListParts`;
        const failed = await call({ client, host: atProduct, method, requests: [parts], metadata });
        expect(failed).toMatchObject({ status: NOT_FOUND, count: 0 });
        expect(failed.message).toMatch(/no such/);
        expect(productCode(failed)).toEqual({ code: "not_found", retry: "never" });
        const nobody = await call({ client, host: atProduct, method, requests: [parts] });
        expect(nobody.status).toBe(UNAUTHENTICATED);
      });

      test("reads a stream to its end, and one of 8 MB whole", async () => {
        const order = { client, host: atWork, method: `${WORK}/server` };
        const short = await call({ ...order, requests: ["end"] });
        expect(short).toMatchObject({ status: 0, answers: ["first", "last"] });
        const long = await call({ ...order, requests: ["many 1024 8192"] });
        expect(long).toMatchObject({ status: 0, count: 1024 });
        expect(long.bytes).toBeGreaterThan(8 * 1024 * 1024);
        expect(long.answers[9]).toMatch(/^9 x/);
      });

      test("stops the work when it takes a stream back", async () => {
        const before = [work.work.begun, work.work.reasons.length] as const;
        const calling = call({ client, host: atWork, method: `${WORK}/server`, requests: ["work"] });
        await work.work.began(before[0] + 1);
        await page.evaluate(() => program.abort());
        await work.work.stopped(before[1] + 1);
        await calling;
        expect(work.work.reasons.at(-1)).toMatch(/^client_(gone|cancelled)$/);
      });

      test("stops the work when its tab is closed", async () => {
        const tab = await pages.open(pages.allowedOrigin);
        const before = [work.work.begun, work.work.reasons.length] as const;
        const calling = call({ client, host: atWork, method: `${WORK}/server`, requests: ["work"] }, tab);
        const closed = expect(calling).rejects.toThrow(/closed/);
        await work.work.began(before[0] + 1);
        await tab.close();
        await work.work.stopped(before[1] + 1);
        await closed;
      });

      test("hears of its deadline from the server", async () => {
        const metadata = { "grpc-timeout": "200m" };
        const order = { client, host: atWork, method: `${WORK}/server`, requests: ["work"], metadata };
        expect(await call(order)).toMatchObject({ status: DEADLINE_EXCEEDED });
        expect(work.work.reasons.at(-1)).toBe("deadline");
      });

      test("does nothing from an origin that is refused", async () => {
        const before = [work.work.begun, await rows()];
        const { bytes: _bytes, announcement } = testFile();
        const announced = { items: [{ ...announcement, size: String(announcement.size) }] };
        const tries = [
          {
            host: atProduct,
            method: `${UPLOADS}/CreateUploads`,
            requests: [announced],
            metadata: await bearer(),
          },
          { host: atWork, method: `${WORK}/unary`, requests: ["end"] },
          { host: atWork, method: `${WORK}/server`, requests: ["end"] },
        ];
        for (const order of tries) {
          const refused = await call({ client, ...order }, stranger);
          expect(refused).toMatchObject({ status: expect.not.toBeOneOf([0]), count: 0, metadata: {} });
        }
        expect([work.work.begun, await rows()]).toEqual(before);
      });
    });

    test("a page streams both ways in turn, and to the server, over a websocket", async () => {
      const order = { client: "improbable websocket", host: atWork } as const;
      const turns = ["turn 0", "turn 1", "ü€", ""];
      const both = await call({ ...order, method: `${WORK}/bidi`, requests: turns });
      expect(both).toMatchObject({ status: 0, answers: turns });
      const up = await call({ ...order, method: `${WORK}/client`, requests: turns.slice(0, 3) });
      expect(up).toMatchObject({ status: 0, answers: ["ü€"] });
    });

    test("a page keeps in step with the user's other clients over a websocket", async () => {
      const requests = [
        { hello: { clientId: "a-page", presence: true } },
        { activity: { activity: "sorting" } },
      ];
      const method = "platemark.v1.SyncService/Sync";
      const order = { client: "improbable websocket", host: atProduct, method, requests } as const;
      const synced = await call({ ...order, metadata: await bearer() });
      expect(synced).toMatchObject({ status: 0, answers: [{ welcome: {} }, { presence: {} }] });
    });

    test("requests that browsers send without asking do nothing from an origin that is refused", async () => {
      const refusals = () =>
        [work.logger, product.logger].map(
          (logger) =>
            logger.of("request.refused").filter(({ fields }) => fields.reason === "origin not allowed")
              .length,
        );
      const before = work.work.begun;
      const [atWorkBefore = 0, atProductBefore = 0] = refusals();
      const urls = [`${atWork}/${WORK}/unary`, `${atProduct}/platemark.v1.HealthService/Check`];
      const seen = await stranger.evaluate(async (targets) => {
        const outcomes: string[] = [];
        for (const url of targets) {
          for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
            const body = new Blob(['"end"'], { type });
            const opaque = await fetch(url, { method: "POST", mode: "no-cors", body });
            outcomes.push(opaque.type);
            const open = await fetch(url, { method: "POST", body }).catch((error) => error.name);
            outcomes.push(String(open));
          }
          outcomes.push(String(navigator.sendBeacon(url, new Blob(['"end"'], { type: "text/plain" }))));
          const socket = new WebSocket(url.replace("http", "ws"), "grpc-websockets");
          outcomes.push(
            await new Promise((resolve) => {
              socket.onopen = () => resolve("opened");
              socket.onerror = () => resolve("refused");
            }),
          );
        }
        return outcomes;
      }, urls);
      const each = [...Array(3).fill(["opaque", "TypeError"]).flat(), "true", "refused"];
      expect(seen).toEqual([...each, ...each]);
      // Three kinds of body twice, a beacon, which nobody waits for, and a websocket.
      await expect.poll(refusals).toEqual([atWorkBefore + 8, atProductBefore + 8]);
      expect(work.work.begun).toBe(before);
    });
  });

/** From the status details, which every client hands over as it got them. */
function productCode({ metadata }: CallOutcome): Pick<ErrorInfo, "code" | "retry"> | undefined {
  const [info] = findTrailerError(new Headers(metadata))?.findDetails(ErrorInfoSchema) ?? [];
  return info && { code: info.code, retry: info.retry };
}
