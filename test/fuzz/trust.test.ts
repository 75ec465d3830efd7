import { generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { silentLogger } from "#kernel/logger.ts";
import { decideCors } from "../../server/edge/origins/cors.ts";
import { originEntry, patternEntry } from "../../server/edge/origins/origin-entry.ts";
import { createOriginList } from "../../server/edge/origins/origin-list.ts";
import { parseOriginsDocument, renderOriginsDocument } from "../../server/edge/origins/origins-document.ts";
import { readClaims } from "../../server/edge/tokens/claims.ts";
import { keyFor, parseKeySet } from "../../server/edge/tokens/key-set.ts";
import { callerOfHeaders } from "../../server/edge/tokens/request-caller.ts";
import { keysByAlgorithm, secretKeys } from "../../server/edge/tokens/secret-key.ts";
import { createTokenAuthenticator } from "../../server/edge/tokens/token-authenticator.ts";
import { ALGORITHMS, readTokenHeader } from "../../server/edge/tokens/token-header.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FUZZ_TIMEOUT_MS, fuzz, RUNS } from "./fuzz.ts";

/** The code of what `work` throws; `null`: nothing. Anything but an AppError goes on. */
function refusal(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

const SECRET = "a-secret-of-this-test-alone-0123456789";
const clock = new FakeClock();
const iat = Math.floor(clock.now() / 1000);
const claims = {
  sub: "ann",
  aud: ["platemark"],
  iat,
  nbf: iat,
  exp: iat + 900,
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1_000,
  scope: "media.read uploads.write",
  use: "once",
  jti: "one",
};
const rules = { audience: "platemark", issuer: null, toleranceSeconds: 5 };

describe(`${RUNS} mutations`, () => {
  test("of origins and referers never break the list, and never let a stranger in", {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const list = createOriginList([
      originEntry("https://shop.example"),
      originEntry("https://*.shop.example:8443", true),
      patternEntry("https://pr-[0-9]+\\.preview\\.example"),
      originEntry("null"),
    ]);
    const mine =
      /^(null|https:\/\/(shop\.example|([a-z0-9_-]+\.)+shop\.example:8443|pr-[0-9]+\.preview\.example))$/;
    const samples = [
      "https://shop.example",
      "https://a.b.shop.example:8443",
      "https://pr-17.preview.example",
      "http://[::1]:5173",
      "https://evil.example",
      "null",
      "https://shop.example/path?query#part",
    ];
    await fuzz(samples, (input) => {
      const rest = { requestedMethod: "POST", requestedPrivateNetwork: "true", method: "OPTIONS" };
      const decision = decideCors(list, { origin: input, referer: undefined, ...rest });
      expect(decision.headers.vary).toContain("Origin");
      const echoed = decision.headers["access-control-allow-origin"];
      if (decision.kind === "allowed") expect(echoed).toMatch(mine);
      else expect(echoed).toBeUndefined();
      const referred = decideCors(list, { origin: undefined, referer: input, ...rest });
      if (referred.kind !== "forbidden") {
        expect(referred.kind).toBe("none");
        // What every reader of URLs takes for its origin is on the list.
        expect(new URL(input).origin).toMatch(mine);
      }
    });
  });

  test("of lists of origins are read or refused, and what is read is written back the same", {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const samples = [
      JSON.stringify({
        production: ["https://shop.example", "https://*.shop.example:8443"],
        staging: [],
        local: ["null"],
      }),
      JSON.stringify(
        { staging: [{ pattern: "https://pr-[0-9]+\\.x\\.example", credentials: true }] },
        null,
        2,
      ),
      JSON.stringify({
        local: [{ origin: "http://[::1]:5173", credentials: false }, "https://bücher.example"],
      }),
    ];
    await fuzz(samples, (input) => {
      let text = "";
      const code = refusal(() => {
        text = renderOriginsDocument(parseOriginsDocument(input));
      });
      if (code === null) expect(renderOriginsDocument(parseOriginsDocument(text))).toBe(text);
      else expect(code).toBe("invalid_argument");
    });
  });

  test("of tokens and authorization headers are refused, all but those that say the same", {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const pair = generateKeyPairSync("ed25519");
    const published = await parseKeySet(
      JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k" }] }),
    );
    const keys = keysByAlgorithm({
      secret: secretKeys(SECRET),
      published: { find: async (header) => keyFor(published, header) },
    });
    const authenticator = createTokenAuthenticator({ keys, clock }, rules);
    const tokens = [
      await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(SECRET)),
      await new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: "k" }).sign(pair.privateKey),
    ];
    const saying = new Set(tokens.map((token) => token.slice(0, token.lastIndexOf("."))));
    let accepted = 0;
    await fuzz(
      tokens.map((token) => `Bearer ${token}`),
      async (authorization) => {
        const headers = { authorization, "x-auth-user-id": "root" };
        const principal = await callerOfHeaders({ authenticator, logger: silentLogger }, headers, {
          path: "/",
        });
        if (principal === null) {
          expect(headers["x-auth-user-id"]).toBeUndefined();
          return;
        }
        accepted++;
        const token = authorization.replace(/^bearer +/i, "").trimEnd();
        expect(saying.has(token.slice(0, token.lastIndexOf(".")))).toBe(true);
        expect([principal.user, headers["x-auth-user-id"]]).toEqual(["ann", "ann"]);
      },
    );
    // Some change nothing that counts; far from all.
    expect(accepted).toBeLessThan(RUNS / 10);
  });

  test("of token headers name an algorithm that exists here, or are refused", {
    timeout: FUZZ_TIMEOUT_MS,
  }, async () => {
    const samples = [
      '{"alg":"HS256","typ":"JWT"}',
      '{"alg":"ES256","kid":"key-1"}',
      '{"alg":"RS256","kid":"key-1","jwk":{"kty":"RSA"}}',
      '{"alg":"none"}',
      '{"alg":"EdDSA","crit":["exp"],"exp":1}',
    ];
    await fuzz(samples, (text) => {
      // What has no form in UTF-8 cannot come over the wire.
      const input = text.toWellFormed();
      const token = `${Buffer.from(input, "utf8").toString("base64url")}.e30.AA`;
      const code = refusal(() => {
        const { alg, kid } = readTokenHeader(token);
        expect(ALGORITHMS).toContain(alg);
        expect(JSON.parse(input)).toMatchObject(kid === null ? {} : { kid });
        expect(Object.keys(JSON.parse(input))).not.toContain("jwk");
      });
      expect([null, "unauthenticated"]).toContain(code);
    });
  });

  test("of claims are within all limits, or refused", { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const now = clock.now() / 1000;
    await fuzz(
      [JSON.stringify(claims), JSON.stringify({ ...claims, aud: "platemark", scope: "" })],
      (input) => {
        let payload: unknown;
        try {
          payload = JSON.parse(input);
        } catch {
          return;
        }
        const code = refusal(() => {
          const { user, objectKeyPrefix, maxSize, scopes, oneUse } = readClaims(payload, rules, now);
          const { iat: issued, nbf, exp, aud } = payload as typeof claims;
          expect(objectKeyPrefix.startsWith(`raw/${user}/`)).toBe(true);
          expect(maxSize).toBeGreaterThan(0);
          expect(scopes.has("admin")).toBe(false);
          expect(exp - issued).toBeLessThanOrEqual(900);
          expect(now - issued).toBeLessThanOrEqual(900);
          expect(Math.max(issued, nbf)).toBeLessThanOrEqual(now + 5);
          expect(exp).toBeGreaterThan(now);
          expect([aud].flat()).toContain("platemark");
          expect(oneUse === null || oneUse.id.length > 0).toBe(true);
        });
        expect([null, "unauthenticated"]).toContain(code);
      },
    );
  });

  test("of key sets hold public keys, or are refused", { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const jwk = async (publicKey: Parameters<typeof exportJWK>[0]) =>
      JSON.stringify({ keys: [await exportJWK(publicKey)] });
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const samples = [
      await jwk(ec.publicKey),
      await jwk(ec.privateKey),
      await jwk(generateKeyPairSync("ed25519").publicKey),
      await jwk(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey),
    ];
    await fuzz(samples, async (input) => {
      const keys = await parseKeySet(input).catch((error: unknown) => {
        expect(AppError.from(error).code).toBe("invalid_argument");
        return [];
      });
      for (const { key, alg } of keys) {
        expect(key.type).toBe("public");
        expect(["ES256", "RS256", "EdDSA"]).toContain(alg);
      }
    });
  });
});
