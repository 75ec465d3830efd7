import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createControlPlaneClient } from "#contracts/client.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#standard/health/v1/health_pb.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import { embeddedInstallation, type Installation, SECRET, USER } from "./server-harness.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/platemark.mjs", import.meta.url));
const CHECK = "/platemark.v1.HealthService/Check";
const NOTICE_MS = 2_500;
const DRAIN_MS = 2_000;

describe("a server that is told to stop by SIGTERM", () => {
  let home: Installation;
  let child: ChildProcess;
  let exited: Promise<unknown>;
  let url: string;
  beforeEach(async () => {
    home = await embeddedInstallation();
    const { settings } = home;
    child = spawn(process.execPath, [PROGRAM, "serve", "--port", "0", "--workers", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        PLATEMARK_HOME: settings.home,
        PLATEMARK_TOKEN_SECRET: SECRET,
        PLATEMARK_DRAIN_MS: String(DRAIN_MS),
        PLATEMARK_DRAIN_NOTICE_MS: String(NOTICE_MS),
        PLATEMARK_ADDRESS_RATE: "0",
      },
    });
    exited = once(child, "exit");
    for await (const line of createInterface(child.stdout!)) {
      url = /http:\S+\d/.exec(line)?.[0] ?? "";
      if (url !== "") break;
    }
  });
  afterEach(async () => {
    child.kill("SIGKILL");
    await exited;
    await home[Symbol.asyncDispose]();
  });

  /** A call whose body has begun and not ended. */
  function begun(agent: Agent): { asking: ClientRequest; answered: Promise<number> } {
    const headers = { "content-type": "application/json", "content-length": "2" };
    const asking = request(`${url}${CHECK}`, { method: "POST", headers, agent });
    const answered = new Promise<number>((resolve, reject) => {
      asking.once("error", reject);
      asking.once("response", (answer: IncomingMessage) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      });
    });
    answered.catch(() => {});
    asking.write("{");
    return { asking, answered };
  }

  /** Calls one after the other until the server is gone; answers how many came back, and what went wrong at last. */
  async function callOn(agent: Agent): Promise<{ answered: number; last: string }> {
    for (let answered = 0; ; answered++) {
      const last = await new Promise<string | number>((resolve) => {
        const headers = { "content-type": "application/json" };
        const asking = request(`${url}${CHECK}`, { method: "POST", headers, agent }, (answer) => {
          answer.resume();
          answer.once("error", () => resolve("answer broken"));
          answer.once("end", () => resolve(answer.statusCode ?? 0));
        });
        asking.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        asking.end("{}");
      });
      if (last !== 200) return { answered, last: String(last) };
    }
  }

  test("loses no call, tells streams and probes, and waits for the last one no longer than it is told to", {
    timeout: 30_000,
  }, async () => {
    const agent = new Agent({ keepAlive: true });
    const busy = Array.from({ length: 8 }, () => callOn(agent));
    const slow = Array.from({ length: 8 }, () => begun(agent));
    const endless = begun(new Agent());
    const session = connect(url);
    const goaway = once(session, "goaway");
    const streams = Array.from({ length: 8 }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": CHECK,
        "content-type": "application/json",
      });
      stream.write("{");
      return { stream, answered: once(stream, "response") };
    });
    const token = () =>
      mintToken({ secret: SECRET, user: USER, bucket: "ecommerce-images", now: Date.now() });
    const client = createControlPlaneClient({ baseUrl: url, token });
    const changes = client.media.watchMedia({ afterSequence: 0n })[Symbol.asyncIterator]();
    await changes.next();
    const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
    const statuses: Status[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({})) statuses.push(status);
    })().catch((error: unknown) => ConnectError.from(error).code);
    await expect.poll(() => statuses).toEqual([Status.SERVING]);

    child.kill("SIGTERM");
    const told = await changes.next().then(
      () => "more",
      (error: unknown) => ConnectError.from(error).code,
    );
    expect(told).toBe(Code.Unavailable);
    expect(await watching).toBe(Code.Unavailable);
    // Who asks anew, at the time that others are given to hear of it.
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await health.check({})).status).toBe(Status.NOT_SERVING);
    const late = client.media.watchMedia({ afterSequence: 0n })[Symbol.asyncIterator]().next();
    await expect(late).rejects.toMatchObject({ code: Code.Unavailable });

    await goaway;
    for (const { asking } of slow) asking.end("}");
    for (const { stream } of streams) stream.end("}");
    expect(await Promise.all(slow.map(({ answered }) => answered))).toEqual(slow.map(() => 200));
    for (const { answered, stream } of streams) {
      const [headers] = await answered;
      expect(headers[":status"]).toBe(200);
      stream.resume();
    }
    for (const { answered, last } of await Promise.all(busy)) {
      expect(answered).toBeGreaterThan(0);
      // The kernel resets what waits to be accepted when the listening ends: that call was never begun.
      expect(["ECONNREFUSED", "ECONNRESET"]).toContain(last);
    }
    session.destroy();
    await exited;
    await expect(endless.answered).rejects.toThrow();
    expect(child.signalCode).toBeNull();
  });
});
