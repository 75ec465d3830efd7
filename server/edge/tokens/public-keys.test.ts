import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import type { WatchedFile } from "../../services/ports/watched-file.ts";
import type { Authenticator } from "./authenticator.ts";
import { KeyFile } from "./key-file.ts";
import { keyFor, parseKeySet } from "./key-set.ts";
import { keysByAlgorithm, secretKeys } from "./secret-key.ts";
import { createTokenAuthenticator } from "./token-authenticator.ts";
import type { VerificationKeys } from "./verification-keys.ts";

const SECRET = "a-secret-of-this-test-alone-0123456789";
const clock = new FakeClock();
const iat = Math.floor(clock.now() / 1000);
const claims = {
  sub: "ann",
  aud: "platemark",
  iat,
  nbf: iat,
  exp: iat + 900,
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1000,
};

interface Pair {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const pairs = {
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ec: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ed: () => generateKeyPairSync("ed25519"),
};
const make = (
  alg: string,
  kid: string,
  generate: () => { privateKey: KeyObject; publicKey: KeyObject },
): Pair => ({
  alg,
  kid,
  ...generate(),
});
const sign = ({ alg, kid, privateKey }: Pair, header: object = {}, payload: object = {}) =>
  new SignJWT({ ...claims, ...payload }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
const jwkOf = async ({ kid, publicKey }: Pair, more: object = {}) => ({
  ...(await exportJWK(publicKey)),
  kid,
  ...more,
});
const jwks = async (...keys: (object | Promise<object>)[]) =>
  JSON.stringify({ keys: await Promise.all(keys) });
const authenticatorOf = (keys: VerificationKeys): Authenticator =>
  createTokenAuthenticator({ keys, clock }, { audience: "platemark", issuer: null, toleranceSeconds: 5 });
const published = async (text: string): Promise<VerificationKeys> => {
  const keys = await parseKeySet(text);
  return { find: async (header) => keyFor(keys, header) };
};

let rsa: Pair;
let ec: Pair;
let ed: Pair;
beforeAll(() => {
  rsa = make("RS256", "rsa-1", pairs.rsa);
  ec = make("ES256", "ec-1", pairs.ec);
  ed = make("EdDSA", "ed-1", pairs.ed);
});

describe("tokens of public keys", () => {
  test("are taken when signed with RS256, ES256 or EdDSA by a key of the set", async () => {
    const keys = await published(await jwks(jwkOf(rsa), jwkOf(ec), jwkOf(ed)));
    const guard = authenticatorOf(keysByAlgorithm({ secret: secretKeys(SECRET), published: keys }));
    for (const pair of [rsa, ec, ed, { ...ed, alg: "Ed25519" }])
      expect((await guard.authenticate(await sign(pair))).user).toBe("ann");
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));
    expect((await guard.authenticate(shared)).user).toBe("ann");
  });

  test("are refused when signed by a stranger under a known name, or by a known key under another", async () => {
    const guard = authenticatorOf(await published(await jwks(jwkOf(rsa), jwkOf(ec), jwkOf(ed))));
    for (const [pair, generate] of [
      [rsa, pairs.rsa],
      [ec, pairs.ec],
      [ed, pairs.ed],
    ] as const) {
      await expect(guard.authenticate(await sign({ ...pair, ...generate() }))).rejects.toThrow(/SIGNATURE/);
      await expect(guard.authenticate(await sign({ ...pair, kid: "other" }))).rejects.toThrow(/unknown key/);
    }
  });

  test("cannot choose how they are checked", async () => {
    const keys = await published(await jwks(jwkOf(rsa), jwkOf(ec), jwkOf(ed)));
    const both = authenticatorOf(keysByAlgorithm({ secret: secretKeys(SECRET), published: keys }));
    const alone = authenticatorOf(keysByAlgorithm({ secret: null, published: keys }));
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const forged = (alg: string, key: string | Buffer, kid = "rsa-1") => {
      const signed = `${encode({ alg, kid })}.${encode(claims)}`;
      return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
    };
    const spki = rsa.publicKey.export({ type: "spki", format: "pem" });
    const der = rsa.publicKey.export({ type: "spki", format: "der" });
    const modulus = Buffer.from((await jwkOf(rsa)).n!, "base64url");
    for (const key of [spki, der, modulus, ""].map((each) => (each === "" ? Buffer.alloc(0) : each)))
      for (const guard of [both, alone])
        for (const alg of ["HS256", "RS256"])
          await expect(guard.authenticate(forged(alg, key))).rejects.toMatchObject({
            code: "unauthenticated",
          });
    const none = `${encode({ alg: "none" })}.${encode(claims)}`;
    for (const token of [
      `${none}.`,
      none,
      `${none}.AA`,
      forged("none", "x"),
      forged("NONE", "x"),
      forged("hs256", SECRET),
    ])
      await expect(both.authenticate(token)).rejects.toMatchObject({ code: "unauthenticated" });
    // A key of one algorithm under the name of another.
    for (const alg of ["RS256", "EdDSA", "PS256", "RS512", "ES384"])
      await expect(both.authenticate(forged(alg, SECRET, "ec-1"))).rejects.toMatchObject({
        code: "unauthenticated",
      });
    const rs512 = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS512", kid: "rsa-1" })
      .sign(rsa.privateKey);
    await expect(both.authenticate(rs512)).rejects.toThrow(/algorithm/);
  });

  test("are refused when they bring or point to their own key, or ask for what nobody understands", async () => {
    const guard = authenticatorOf(await published(await jwks(jwkOf(ec))));
    const evil = make("ES256", "ec-1", pairs.ec);
    const header = { jwk: await exportJWK(evil.publicKey) };
    for (const own of [
      header,
      { jku: "https://evil.example/keys" },
      { x5u: "https://evil.example/" },
      { x5c: ["AA=="] },
    ])
      for (const pair of [ec, evil])
        await expect(guard.authenticate(await sign(pair, own))).rejects.toThrow(/not allowed/);
    const critical = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "ec-1", crit: ["x"], x: 1 })
      .sign(ec.privateKey, { crit: { x: true } });
    await expect(guard.authenticate(critical)).rejects.toThrow(/crit not allowed/);
  });

  test("need a name only where there is a choice", async () => {
    const nameless = await new SignJWT(claims).setProtectedHeader({ alg: "ES256" }).sign(ec.privateKey);
    const one = authenticatorOf(await published(await jwks(jwkOf(ec), jwkOf(ed))));
    expect((await one.authenticate(nameless)).user).toBe("ann");
    const two = make("ES256", "ec-2", pairs.ec);
    const several = authenticatorOf(await published(await jwks(jwkOf(ec), jwkOf(two))));
    await expect(several.authenticate(nameless)).rejects.toThrow(/none of several/);
    expect((await several.authenticate(await sign(two))).user).toBe("ann");
  });

  test("longer than 8 KiB are not looked at", async () => {
    const guard = authenticatorOf(await published(await jwks(jwkOf(ec))));
    await expect(guard.authenticate(await sign(ec, {}, { more: "x".repeat(8_000) }))).rejects.toThrow(
      /too long/,
    );
    await expect(guard.authenticate(await sign(ec, { more: "x".repeat(1_000) }))).rejects.toThrow(
      /header too long/,
    );
  });

  test("count for their audience and, where one is set, their issuer", async () => {
    const keys = await published(await jwks(jwkOf(ec)));
    const rules = { audience: "studio", issuer: "https://id.example", toleranceSeconds: 5 };
    const guard = createTokenAuthenticator({ keys, clock }, rules);
    const iss = "https://id.example";
    expect((await guard.authenticate(await sign(ec, {}, { aud: ["other", "studio"], iss }))).user).toBe(
      "ann",
    );
    await expect(guard.authenticate(await sign(ec, {}, { aud: "platemark", iss }))).rejects.toThrow(/aud/);
    await expect(guard.authenticate(await sign(ec, {}, { aud: "studio" }))).rejects.toThrow(/iss/);
    await expect(guard.authenticate(await sign(ec, {}, { aud: "studio", iss: `${iss}/` }))).rejects.toThrow(
      /iss/,
    );
  });

  test("of an issuer whose clock is ahead are believed within the tolerance, and live no longer for it", async () => {
    const keys = await published(await jwks(jwkOf(ec)));
    const strict = createTokenAuthenticator(
      { keys, clock },
      { audience: "platemark", issuer: null, toleranceSeconds: 0 },
    );
    const ahead = (by: number) => sign(ec, {}, { iat: iat + by, nbf: iat + by, exp: iat + 900 });
    await expect(strict.authenticate(await ahead(1))).rejects.toThrow(/future/);
    const usual = authenticatorOf(keys);
    expect((await usual.authenticate(await ahead(5))).user).toBe("ann");
    await expect(usual.authenticate(await ahead(6))).rejects.toThrow(/future/);
    await expect(usual.authenticate(await sign(ec, {}, { exp: iat }))).rejects.toThrow(/expired/);
  });
});

describe("a key set", () => {
  test("passes over keys for other purposes", async () => {
    const keys = await parseKeySet(
      await jwks(
        jwkOf(ec, { use: "enc" }),
        jwkOf(rsa, { alg: "PS256" }),
        jwkOf(ed, { key_ops: ["sign"] }),
        { kty: "EC", crv: "P-384", x: "AA", y: "AA" },
        { kty: "unheard-of" },
        jwkOf({ ...ec, kid: "good" }, { use: "sig", alg: "ES256", key_ops: ["verify"], ext: true }),
      ),
    );
    expect(keys.map(({ kid, alg }) => [kid, alg])).toEqual([["good", "ES256"]]);
  });

  test("is refused as a whole with what must not be there", async () => {
    const weak = make("RS256", "weak", () => generateKeyPairSync("rsa", { modulusLength: 1024 }));
    for (const [text, reason] of [
      ["{", /no JSON/],
      ["[]", /wrong at/],
      [JSON.stringify({ keys: [{ kty: 1 }] }), /keys\.0\.kty/],
      [await jwks(exportJWK(ec.privateKey)), /holds a secret/],
      [JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0" }] }), /holds a secret/],
      [await jwks(jwkOf(ec), jwkOf({ ...make("ES256", "x", pairs.ec), kid: "ec-1" })), /name of another/],
      [await jwks(jwkOf(weak)), /2048 bits/],
      [await jwks({ kty: "EC", crv: "P-256", x: "AA", y: "AA", kid: "off" }), /kid off.*cannot be read/],
      [JSON.stringify({ keys: Array(51).fill({ kty: "EC" }) }), /keys/],
    ] as const)
      await expect(parseKeySet(text)).rejects.toThrow(reason);
  });
});

describe("a key file", () => {
  /** A file that the test changes; `changed` resolves when it has. */
  function memoryFile(first: string | null) {
    let text = first;
    let ring = Promise.withResolvers<void>();
    const file: WatchedFile = {
      path: "/keys.json",
      read: async () => text,
      write: async () => {},
      changed: ({ signal }) => {
        signal.addEventListener("abort", () => ring.resolve(), { once: true });
        return ring.promise;
      },
    };
    const put = (next: string | null) => {
      text = next;
      ring.resolve();
      ring = Promise.withResolvers();
    };
    return { file, put };
  }

  test("rotates: the next key joins, tokens of both count, the old one goes", async () => {
    const next = make("ES256", "ec-2", pairs.ec);
    const { file, put } = memoryFile(await jwks(jwkOf(ec)));
    const logger = new RecordingLogger();
    await using keys = new KeyFile({ file, logger });
    await keys.start();
    const guard = authenticatorOf(keys);
    const accepts = async (pair: Pair) =>
      guard.authenticate(await sign(pair)).then(
        () => true,
        () => false,
      );
    expect([await accepts(ec), await accepts(next)]).toEqual([true, false]);
    put(await jwks(jwkOf(ec), jwkOf(next)));
    await expect.poll(() => accepts(next)).toBe(true);
    expect(await accepts(ec)).toBe(true);
    put(await jwks(jwkOf(next)));
    await expect.poll(() => accepts(ec)).toBe(false);
    expect(await accepts(next)).toBe(true);
    expect(logger.of("keys.loaded")).toHaveLength(3);
  });

  test("stays in force when it turns bad or is gone, and says so", async () => {
    const { file, put } = memoryFile(await jwks(jwkOf(ec)));
    const logger = new RecordingLogger();
    await using keys = new KeyFile({ file, logger });
    await keys.start();
    const guard = authenticatorOf(keys);
    for (const bad of ["{", null]) {
      const told = logger.of("keys.refused").length;
      put(bad);
      await expect.poll(() => logger.of("keys.refused").length).toBe(told + 1);
      expect((await guard.authenticate(await sign(ec))).user).toBe("ann");
    }
    put(await jwks());
    await expect.poll(() => logger.of("keys.loaded").length).toBe(2);
    await expect(guard.authenticate(await sign(ec))).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test.each([[null], ["{"]])("that is bad at the start is no start", async (text) => {
    const keys = new KeyFile({ file: memoryFile(text).file, logger: new RecordingLogger() });
    await expect(keys.start()).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringContaining("/keys.json"),
    });
  });
});
