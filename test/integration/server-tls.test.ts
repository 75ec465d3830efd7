import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { clientOver } from "#contracts/client.ts";
import type { OpenSocket } from "#contracts/page-socket.ts";
import { settingsSchema } from "#contracts/settings.ts";
import { createWebSocketTransport } from "#contracts/websocket-transport.ts";
import { systemClock } from "#kernel/clock.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  startServer,
} from "./server-harness.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

describe("the port with a certificate", () => {
  let dir: string;
  let installation: Installation;
  let server: RunningServer;
  let tls: { readonly tlsCert: string; readonly tlsKey: string };

  const put = async (name: string) => {
    await copyFile(fixture(`${name}.key.pem`), tls.tlsKey);
    await copyFile(fixture(`${name}.cert.pem`), tls.tlsCert);
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "platemark-tls-"));
    tls = { tlsCert: join(dir, "cert.pem"), tlsKey: join(dir, "key.pem") };
    await put("first");
    installation = await embeddedInstallation();
    const settings = settingsSchema.parse({ ...installation.settings, ...tls });
    server = await startServer({ ...installation, settings });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await installation?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const port = () => Number(new URL(server.url).port);
  const subjectShown = async (): Promise<string> => {
    const socket = connect({ port: port(), host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { CN } = (socket as TLSSocket).getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  };

  test("carries websockets, too", async () => {
    const ca = await readFile(fixture("first.cert.pem"));
    const open: OpenSocket = (url, subprotocol, events) => {
      const ws = new WebSocket(url, [subprotocol], { ca });
      ws.on("open", () => events.opened());
      ws.on("message", (bytes: Buffer) => events.message(bytes));
      ws.on("error", () => {});
      ws.on("close", (code, reason) => events.closed(code, String(reason)));
      return ws;
    };
    const client = clientOver(createWebSocketTransport({ baseUrl: server.url, clock: systemClock, open }));
    expect((await client.health.check({})).serving).toBe(true);
  });

  test("speaks gRPC over HTTP/2 and Connect over HTTP/1.1, by what the client offers", async () => {
    expect(server.url).toMatch(/^https:/);
    const ca = await readFile(fixture("first.cert.pem"));
    const baseUrl = server.url;
    const open = [
      createGrpcTransport({ baseUrl, nodeOptions: { ca } }),
      createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: { ca } }),
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ca } }),
    ];
    for (const transport of open) {
      const client = clientOver(transport as unknown as Parameters<typeof clientOver>[0]);
      expect((await client.health.check({})).serving).toBe(true);
    }
  });

  test("closes plain connections without an answer: a token must not travel in the clear", async () => {
    for (const hello of ["GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
      const socket = connectPlain(port(), "127.0.0.1");
      let read = "";
      socket.on("data", (chunk) => {
        read += chunk;
      });
      socket.on("error", () => {});
      socket.write(hello);
      await once(socket, "close");
      expect(read).toBe("");
    }
  });

  test("shows a new certificate when the files change, and keeps the last good one while they do not fit", async () => {
    expect(await subjectShown()).toBe("first.platemark.test");
    await writeFile(tls.tlsCert, await readFile(fixture("second.cert.pem")));
    await expect
      .poll(() => server.logger.of("certificate.refused").length, { timeout: 10_000 })
      .toBeGreaterThan(0);
    expect(await subjectShown()).toBe("first.platemark.test");
    await put("second");
    await expect.poll(subjectShown, { timeout: 10_000 }).toBe("second.platemark.test");
  });

  test("does not start with half a pair, or with two halves that do not fit", async () => {
    await using other = await embeddedInstallation();
    const start = (wrong: object) =>
      startServer({ ...other, settings: settingsSchema.parse({ ...other.settings, ...wrong }) });
    await expect(start({ tlsCert: tls.tlsCert })).rejects.toThrow(/PLATEMARK_TLS_KEY/);
    const unfit = { tlsCert: fixture("first.cert.pem"), tlsKey: fixture("second.key.pem") };
    await expect(start(unfit)).rejects.toMatchObject({ code: "config.invalid" });
    await expect(start({ ...tls, tlsKey: join(dir, "none") })).rejects.toMatchObject({
      code: "config.invalid",
    });
  });
});
