import { createHmac, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { ALL_SCOPES, USER_SCOPES } from "../../services/principal.ts";
import { createLaunchAuthenticator, newLaunchToken } from "./launch-token.ts";
import { mintToken } from "./mint-token.ts";
import { secretKeys } from "./secret-key.ts";
import { createTokenAuthenticator } from "./token-authenticator.ts";

const SECRET = "a-secret-of-this-test-alone-0123456789";
const clock = new FakeClock();
const now = clock.now();
const rules = { audience: "platemark", issuer: null, toleranceSeconds: 5 };
const authenticator = createTokenAuthenticator({ keys: secretKeys(SECRET), clock }, rules);
const seconds = Math.floor(now / 1000);

type Claims = Record<string, unknown>;
const usual: Claims = {
  sub: "ann",
  aud: "platemark",
  iat: seconds,
  nbf: seconds,
  exp: seconds + 900,
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1000,
};
const signed = (claims: Claims, secret = SECRET, alg = "HS256") =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
const without = (name: string) => Object.fromEntries(Object.entries(usual).filter(([key]) => key !== name));

describe("bearer tokens", () => {
  test("stand for a user, a bucket, a prefix and a size", async () => {
    const token = await mintToken({ secret: SECRET, user: "ann", bucket: "pictures", maxSize: 1000, now });
    expect(await authenticator.authenticate(token)).toEqual({
      user: "ann",
      bucket: "pictures",
      objectKeyPrefix: "raw/ann/",
      maxSize: 1000,
      scopes: new Set(USER_SCOPES),
      oneUse: null,
    });
    expect(
      await authenticator.authenticate(await signed({ ...usual, objectKeyPrefix: "raw/ann/today/" })),
    ).toMatchObject({
      objectKeyPrefix: "raw/ann/today/",
    });
  });

  test.each<[string, Claims]>([
    ["expired", { ...usual, exp: seconds }],
    ["that live longer than 15 minutes", { ...usual, exp: seconds + 901 }],
    ["older than 15 minutes, whatever they say", { ...usual, iat: seconds - 901, exp: seconds + 60 }],
    [
      "older than 15 minutes, within their own limit",
      { ...usual, iat: seconds - 901, nbf: seconds - 901, exp: seconds - 1 },
    ],
    ["issued in the future", { ...usual, iat: seconds + 60, exp: seconds + 120 }],
    ["not valid yet", { ...usual, nbf: seconds + 60 }],
    ["for somebody else", { ...usual, aud: "other" }],
    ["without audience", without("aud")],
    ["without start", without("nbf")],
    ["for one use without a name", { ...usual, use: "once" }],
    ["for another use", { ...usual, use: "twice" }],
    ["with scopes that are none", { ...usual, scope: "uploads.write;admin" }],
    ["without issue time", without("iat")],
    ["without end", without("exp")],
    ["without subject", without("sub")],
    ["without bucket", without("bucket")],
    ["without prefix", without("objectKeyPrefix")],
    ["without size limit", without("maxSize")],
    ["for a user that keys cannot carry", { ...usual, sub: "../ann", objectKeyPrefix: "raw/../ann/" }],
    ["for another user's prefix", { ...usual, objectKeyPrefix: "raw/bob/" }],
    ["for every prefix", { ...usual, objectKeyPrefix: "raw/" }],
    ["for a prefix that only begins like the user's", { ...usual, objectKeyPrefix: "raw/anna/" }],
  ])("are refused when %s", async (_why, claims) => {
    await expect(authenticator.authenticate(await signed(claims))).rejects.toMatchObject({
      code: "unauthenticated",
      retry: "reauth",
    });
  });

  test("are refused without, with another, or with a weaker signature", async () => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const payload = encode(usual);
    const none = `${encode({ alg: "none" })}.${payload}.`;
    const hs512 = await signed(usual, SECRET.repeat(2), "HS512");
    const rs256 = await new SignJWT(usual)
      .setProtectedHeader({ alg: "RS256" })
      .sign(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    const unsigned = `${encode({ alg: "HS256" })}.${payload}`;
    const critical = encode({ alg: "HS256", crit: ["x"], x: 1 });
    const forged = createHmac("sha256", SECRET).update(`${critical}.${payload}`).digest("base64url");
    const tokens = [
      none,
      hs512,
      rs256,
      `${unsigned}.`,
      unsigned,
      `${critical}.${payload}.${forged}`,
      "",
      "a.b.c",
    ];
    for (const token of [...tokens, await signed(usual, `${SECRET}x`)])
      await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await authenticator.authenticate(await signed(usual))).user).toBe("ann");
  });

  test("keep what they were issued for to the end, and not a second longer", async () => {
    const later = new FakeClock();
    const token = await mintToken({ secret: SECRET, user: "ann", bucket: "pictures", now });
    const guard = createTokenAuthenticator({ keys: secretKeys(SECRET), clock: later }, rules);
    later.jump(899_000);
    await guard.authenticate(token);
    later.jump(1_000);
    await expect(guard.authenticate(token)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("cannot be minted for longer, or for a user that keys cannot carry", async () => {
    const grant = { secret: SECRET, user: "ann", bucket: "pictures", now };
    await expect(mintToken({ ...grant, ttlSeconds: 901 })).rejects.toMatchObject({
      code: "invalid_argument",
    });
    await expect(mintToken({ ...grant, user: "a/b" })).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

describe("the token of a launch", () => {
  test("has 256 bits, and is the only one", async () => {
    const token = newLaunchToken();
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    const launch = createLaunchAuthenticator({ token, user: "studio", bucket: "pictures" });
    expect(await launch.authenticate(token)).toMatchObject({
      user: "studio",
      objectKeyPrefix: "raw/studio/",
      scopes: new Set(ALL_SCOPES),
    });
    for (const wrong of ["", token.slice(1), `${token}x`, newLaunchToken()])
      await expect(launch.authenticate(wrong)).rejects.toMatchObject({ code: "unauthenticated" });
  });
});
