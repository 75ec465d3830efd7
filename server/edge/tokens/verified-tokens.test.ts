import { generateKeyPairSync } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { type KeySet, keyFor, parseKeySet } from "./key-set.ts";
import { mintToken } from "./mint-token.ts";
import { secretKeys } from "./secret-key.ts";
import { createTokenAuthenticator } from "./token-authenticator.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

const rules = { audience: "platemark", issuer: null, toleranceSeconds: 5 };
const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["verify", "sign"]);

describe("a token that was found good", () => {
  test("is not checked again with the same key, and is with another", async () => {
    const tokens = new VerifiedTokens();
    let checks = 0;
    const verify = async () => ++checks;
    expect(await tokens.payloadOf("a", key, verify)).toBe(1);
    expect(await tokens.payloadOf("a", key, verify)).toBe(1);
    expect(await tokens.payloadOf("b", key, verify)).toBe(2);
    const other = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, [
      "verify",
      "sign",
    ]);
    expect(await tokens.payloadOf("a", other, verify)).toBe(3);
  });

  test("is remembered only if it was, and not without bound", async () => {
    const tokens = new VerifiedTokens();
    await expect(tokens.payloadOf("a", key, () => Promise.reject(new Error("forged")))).rejects.toThrow(
      "forged",
    );
    expect(tokens.size).toBe(0);
    for (let n = 0; n < 5_000; n++) await tokens.payloadOf(`t-${n}`, key, async () => n);
    expect(tokens.size).toBe(2_000);
  });

  test("ends all the same when it is old, and when its key is out of force or another has its name", async () => {
    const clock = new FakeClock();
    const secret = "a-secret-of-this-test-alone-0123456789";
    const short = createTokenAuthenticator({ keys: secretKeys(secret), clock }, rules);
    const grant = { secret, user: "ann", bucket: "pictures", ttlSeconds: 60, now: clock.now() };
    const token = await mintToken(grant);
    await short.authenticate(token);
    clock.jump(60_000);
    await expect(short.authenticate(token)).rejects.toThrow(/expired/);

    const pair = () => generateKeyPairSync("ed25519");
    const [own, other] = [pair(), pair()];
    const setOf = async ({ publicKey }: ReturnType<typeof pair>) =>
      parseKeySet(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] }));
    let keys: KeySet = await setOf(own);
    const guard = createTokenAuthenticator(
      { keys: { find: async (header) => keyFor(keys, header) }, clock },
      rules,
    );
    const iat = Math.floor(clock.now() / 1000);
    const times = { iat, nbf: iat, exp: iat + 900 };
    const claims = {
      sub: "ann",
      aud: "platemark",
      bucket: "b",
      objectKeyPrefix: "raw/ann/",
      maxSize: 1,
      ...times,
    };
    const signed = await new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", kid: "k" })
      .sign(own.privateKey);
    await guard.authenticate(signed);
    keys = await setOf(other);
    await expect(guard.authenticate(signed)).rejects.toThrow(/SIGNATURE/);
    keys = [];
    await expect(guard.authenticate(signed)).rejects.toThrow(/unknown key/);
  });
});
