import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, type Transport } from "@connectrpc/connect";
import { exportJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { bearer, fromConnectError } from "#contracts/client.ts";
import { createFetchTransport } from "#contracts/fetch-transport.ts";
import { AdminService, OriginKind } from "#gen/admin_pb.ts";
import { createPinoLogger } from "../../server/adapters/log/pino-logger.ts";
import { mintToken } from "../../server/edge/tokens/mint-token.ts";
import {
  embeddedInstallation,
  type Installation,
  type RunningServer,
  SECRET,
  startServer,
  USER,
} from "./server-harness.ts";

const adminToken = ({ settings }: Installation) =>
  mintToken({ secret: SECRET, user: "ops", bucket: settings.s3Bucket, scopes: ["admin"], now: Date.now() });
const adminWith = (server: RunningServer, token: () => Promise<string>) =>
  createClient(
    AdminService,
    // The compiler knows the type of a transport twice, by the package's two builds.
    createFetchTransport({ baseUrl: server.url, interceptors: [bearer(token)] }) as unknown as Transport,
  );
const put = async (path: string, value: unknown) => {
  await writeFile(`${path}.new`, JSON.stringify(value));
  await rename(`${path}.new`, path);
};
const listMedia = async (server: RunningServer, headers: Record<string, string>, token?: string) =>
  fetch(`${server.url}/platemark.v1.MediaService/ListMedia`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token ?? (await server.token())}`,
      ...headers,
    },
    body: "{}",
  });
const preflight = async (server: RunningServer, origin: string) => {
  const answer = await fetch(`${server.url}/platemark.v1.MediaService/ListMedia`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    },
  });
  return [answer.status, answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")];
};

describe("origins of a running server", () => {
  test("change by its file: the next request sees the new list", async () => {
    await using own = await embeddedInstallation();
    const originsFile = join(own.settings.home, "origins.json");
    await put(originsFile, { staging: ["https://*.a.example"], production: ["https://p.example"] });
    const settings = { ...own.settings, originsFile, environment: "staging" as const };
    await using server = await startServer({ ...own, settings }, { origins: ["https://flag.example"] });
    expect((await preflight(server, "https://x.a.example")).slice(0, 2)).toEqual([
      204,
      "https://x.a.example",
    ]);
    expect((await preflight(server, "https://flag.example"))[0]).toBe(204);
    const refused = await preflight(server, "https://p.example");
    expect(refused.slice(0, 2)).toEqual([403, null]);
    expect(refused[2]).toContain("Origin");
    await put(originsFile, { staging: ["https://p.example"] });
    await expect
      .poll(async () => (await preflight(server, "https://p.example"))[0], { timeout: 10_000 })
      .toBe(204);
    expect((await listMedia(server, { origin: "https://x.a.example" })).status).toBe(403);
    expect((await preflight(server, "https://flag.example"))[0]).toBe(204);
  });

  test("change by an operator's call, against the version that they have read, and every change is audited", async () => {
    await using own = await embeddedInstallation();
    const originsFile = join(own.settings.home, "origins.json");
    await using server = await startServer({ ...own, settings: { ...own.settings, originsFile } });
    const admin = adminWith(server, () => adminToken(own));
    const first = (await admin.getOrigins({})).origins!;
    expect(first).toMatchObject({ environment: "production", entries: [], refused: "" });
    const entries = [{ kind: OriginKind.WILDCARD, value: "https://*.shop.example", credentials: true }];
    const set = { expectedVersion: first.version, entries };
    const { origins } = await admin.setOrigins(set, { headers: { "x-request-id": "req-7" } });
    expect(origins!.version).not.toBe(first.version);
    const answer = await listMedia(server, { origin: "https://eu.shop.example" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
    expect(JSON.parse(await readFile(originsFile, "utf8")).production).toEqual([
      { origin: "https://*.shop.example", credentials: true },
    ]);

    const stale = await admin.setOrigins({ ...set, entries: [] }).catch(fromConnectError);
    expect(stale).toMatchObject({ code: "conflict" });
    const bad = { kind: OriginKind.PATTERN, value: ".*" };
    const wrong = await admin
      .setOrigins({ expectedVersion: origins!.version, entries: [bad] })
      .catch(fromConnectError);
    expect(wrong).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("every origin"),
    });
    const kindless = await admin
      .setOrigins({ expectedVersion: origins!.version, entries: [{ value: "https://a.example" }] })
      .catch(fromConnectError);
    expect(kindless).toMatchObject({ code: "invalid_argument" });
    expect((await admin.getOrigins({})).origins!.version).toBe(origins!.version);

    await put(originsFile, { production: [] });
    await expect.poll(async () => (await admin.listChanges({})).changes.length, { timeout: 10_000 }).toBe(2);
    const { changes } = await admin.listChanges({});
    expect(changes.map(({ actor, requestId }) => [actor, requestId])).toEqual([
      ["file", ""],
      ["ops", "req-7"],
    ]);
    expect(changes[1]!.after).toContain("https://*.shop.example");
    expect(server.logger.of("origins.changed")).toHaveLength(2);
    const user = adminWith(server, () => server.token());
    expect(await user.getOrigins({}).catch(fromConnectError)).toMatchObject({ code: "permission_denied" });
  });

  test("hold for the referer where a browser sends no origin, and for nobody who is no browser", async () => {
    await using own = await embeddedInstallation();
    await using server = await startServer(own, { origins: ["https://shop.example"] });
    expect((await listMedia(server, {})).status).toBe(200);
    expect((await listMedia(server, { referer: "https://shop.example/cart?id=1" })).status).toBe(200);
    const refused = await listMedia(server, { referer: "https://evil.example/page?token=secret" });
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toMatch(/referer|origin/i);
    expect(server.logger.of("request.refused").at(-1)!.fields).toMatchObject({
      reason: "referer not allowed",
      origin: "https://evil.example",
    });
    expect((await listMedia(server, { origin: "null" })).status).toBe(403);
    expect((await listMedia(server, { origin: "https://shop.example, https://evil.example" })).status).toBe(
      403,
    );
    expect(
      (await fetch(`${server.url}/healthz`, { headers: { origin: "https://evil.example" } })).status,
    ).toBe(200);
  });

  test("that nobody can read are no start", async () => {
    await using own = await embeddedInstallation();
    const originsFile = join(own.settings.home, "origins.json");
    await writeFile(originsFile, '{"production": ["*"]}');
    await expect(startServer({ ...own, settings: { ...own.settings, originsFile } })).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("production.0"),
    });
  });
});

describe("keys of a running server", () => {
  const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sign = (key: KeyObject, kid: string, { settings }: Installation) => {
    const iat = Math.floor(Date.now() / 1000);
    return new SignJWT({
      bucket: settings.s3Bucket,
      objectKeyPrefix: `raw/${USER}/`,
      maxSize: 1_000,
      iss: "https://id.example",
    })
      .setProtectedHeader({ alg: "ES256", kid })
      .setSubject(USER)
      .setAudience("studio")
      .setIssuedAt(iat)
      .setNotBefore(iat)
      .setExpirationTime(iat + 300)
      .sign(key);
  };

  test("rotate while it runs, and none of its log holds a token", async () => {
    await using own = await embeddedInstallation();
    const tokenKeysFile = join(own.settings.home, "keys.json");
    const [old, next] = [pair(), pair()];
    const jwk = async ({ publicKey }: { publicKey: KeyObject }, kid: string) => ({
      ...(await exportJWK(publicKey)),
      kid,
    });
    await put(tokenKeysFile, { keys: [await jwk(old, "old")] });
    const lines: string[] = [];
    const logger = createPinoLogger({ level: "debug", stream: { write: (line) => void lines.push(line) } });
    const settings = {
      ...own.settings,
      tokenKeysFile,
      tokenAudience: "studio",
      tokenIssuer: "https://id.example",
    };
    await using server = await startServer(
      { ...own, settings },
      { auth: { kind: "signed", secret: undefined }, logger },
    );
    const tokens = [await sign(old.privateKey, "old", own), await sign(next.privateKey, "next", own)];
    const status = async (token: string) => (await listMedia(server, {}, token)).status;
    expect([await status(tokens[0]!), await status(tokens[1]!)]).toEqual([200, 401]);
    await put(tokenKeysFile, { keys: [await jwk(old, "old"), await jwk(next, "next")] });
    await expect.poll(() => status(tokens[1]!), { timeout: 10_000 }).toBe(200);
    expect(await status(tokens[0]!)).toBe(200);
    await put(tokenKeysFile, { keys: [await jwk(next, "next")] });
    await expect.poll(() => status(tokens[0]!), { timeout: 10_000 }).toBe(401);

    const shared = await server.token();
    const broken = [
      shared,
      `${tokens[1]}x`,
      tokens[1]!.split(".").slice(0, 2).join("."),
      "very-secret-no-token",
    ];
    for (const token of broken) expect(await status(token)).toBe(401);
    const log = lines.join("");
    expect(log).toContain("unknown key");
    for (const token of [...tokens, ...broken])
      for (const part of token.split(".")) expect(log.includes(part)).toBe(false);
  });
});
