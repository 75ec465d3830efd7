import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Authorize } from "../../../server/edge/admission/authorization.ts";
import { REGISTERED_SERVICES } from "../../../server/rpc/registered-services.ts";
import { startCallServer } from "../../support/call-server.ts";
import { describeReal, real } from "../../support/real-components.ts";
import { WorkService } from "../../support/work-service.ts";
import { embeddedInstallation, SECRET, startServer } from "../server-harness.ts";
import { ENTRANCES } from "./entrances.ts";
import { generateStubs } from "./python-stubs.ts";

const run = promisify(execFile);
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const MANY = { messages: 1024, bytes: 8 * 1024 * 1024, inOrder: true };

// biome-ignore lint/suspicious/noExplicitAny: what the script prints.
async function callAll(job: object): Promise<any> {
  const running = run(real("python")!, [join(import.meta.dirname, "grpcio_client.py")], { timeout: 60_000 });
  running.child.stdin?.end(JSON.stringify(job));
  return JSON.parse((await running).stdout);
}

for (const entrance of ENTRANCES)
  describeReal(`grpcio, ${entrance.name}`, ["python", ...entrance.needs], () => {
    const stack = new AsyncDisposableStack();
    let seen: Awaited<ReturnType<typeof callAll>>;
    const encodings: unknown[] = [];
    let told: readonly { readonly method: string; readonly reason: string }[];
    beforeAll(async () => {
      const product = stack.use(await startServer(stack.use(await embeddedInstallation())));
      const authorize: Authorize = async ({ request }) => {
        encodings.push(request.headers["grpc-encoding"]);
        return null;
      };
      const calls = stack.use(await startCallServer({ authorize }));
      const servers = [
        {
          port: Number(new URL(product.url).port),
          services: REGISTERED_SERVICES,
          origins: [],
          secret: SECRET,
        },
        { port: calls.port, services: [WorkService], origins: [] },
      ];
      const ports = await entrance.open(servers, stack);
      const [at, work] = ports.map((port) => `127.0.0.1:${port}`);
      const [stubs, token] = [await generateStubs(stack), await product.token()];
      seen = await callAll({
        product: at,
        work,
        stubs,
        token,
        traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
      });
      await calls[Symbol.asyncDispose]();
      told = calls.cancelled;
    });
    afterAll(() => stack.disposeAsync());

    test("uploads a picture with generated stubs", () => {
      expect(seen.upload).toMatchObject({ sent: 200, outcome: "media" });
    });

    test("follows its changes, and takes the stream back", () => {
      expect(seen.watch).toEqual({
        states: ["MEDIA_STATE_UPLOADING", "MEDIA_STATE_UPLOADED"],
        status: "CANCELLED",
      });
    });

    test("keeps in step over a stream in which both sides speak", () => {
      expect(seen.sync).toEqual({ kinds: ["welcome", "changes"], samePicture: true, status: "OK" });
    });

    test("has its request id and its trace in the answer's metadata", () => {
      expect(seen.metadata).toMatchObject({ items: 2, "x-request-id": "from-python-1" });
      expect(seen.metadata.traceparent).toMatch(
        new RegExp(`^00-${TRACE}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`),
      );
    });

    test("packs its requests with gzip", () => {
      expect(seen.gzip).toEqual({ tickets: 200, last: "4 " });
      expect(encodings).toContain("gzip");
    });

    test("reads the product's code among the details of an error", () => {
      expect(seen.details).toMatchObject({ status: "NOT_FOUND", code: "not_found", retry: "never" });
    });

    test("is told apart: a wrong token, none, a method and a service that are not there", () => {
      // A token that Envoy refuses never reaches the server: the status is all that there is.
      const info = entrance.checksTokens ? {} : { code: "unauthenticated", retry: "reauth" };
      expect(seen.stranger).toEqual({ status: "UNAUTHENTICATED", message: expect.any(String), ...info });
      expect(seen.stranger.message).not.toMatch(/jwt|jws|signature|invalid/i);
      expect(seen.nobody.status).toBe("UNAUTHENTICATED");
      expect(seen.unknownMethod.status).toBe("UNIMPLEMENTED");
      expect(seen.unknownService.status).toBe("UNIMPLEMENTED");
    });

    test("ends calls by deadline and by cancel, and the server hears of each once", () => {
      expect(seen.deadline.status).toBe("DEADLINE_EXCEEDED");
      expect(seen.cancel).toMatchObject({ first: "first", status: "CANCELLED" });
      // Envoy takes a call back without saying who did.
      const cancelled = expect.stringMatching(/^client_(cancelled|gone)$/);
      expect(told.map(({ reason }) => reason)).toEqual(["deadline", cancelled]);
    });

    test("streams to the server, from it, and both ways in turn", () => {
      expect(seen.clientStream).toBe("ü€");
      expect(seen.bidi).toEqual({
        turns: ["turn 0", "turn 1", "turn 2", "turn 3", "turn 4"],
        rest: [],
        status: "OK",
      });
    });

    test("receives a stream of 8 MB whole and in order", () => {
      expect(seen.bulk).toEqual(MANY);
    });
  });
