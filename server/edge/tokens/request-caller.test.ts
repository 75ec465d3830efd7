import { describe, expect, test } from "vitest";
import { AppError } from "#kernel/errors.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import type { Principal } from "../../services/principal.ts";
import { refused } from "./authenticator.ts";
import { callerOfHeaders, type MutableHeaders } from "./request-caller.ts";

const ann: Principal = {
  user: "ann",
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1,
  scopes: new Set(["media.read", "uploads.write"]),
  oneUse: null,
};
const logger = new RecordingLogger();
const authenticator = {
  async authenticate(token: string) {
    if (token === "busy") throw new AppError("unavailable", "no keys");
    if (token !== "good") throw refused("not the good one");
    return ann;
  },
};
const call = (headers: MutableHeaders) => callerOfHeaders({ authenticator, logger }, headers, { path: "/p" });

describe("the caller of a request", () => {
  test("is whom the token names, and handlers see that and not what the client has written", async () => {
    const headers: MutableHeaders = {
      authorization: "Bearer good",
      "x-auth-user-id": "root",
      "x-auth-scope": "admin",
      "X-Auth-Other": "x",
      "x-authority": "kept",
    };
    expect(await call(headers)).toBe(ann);
    expect(headers).toEqual({
      authorization: "Bearer good",
      "x-auth-user-id": "ann",
      "x-auth-scope": "media.read uploads.write",
      "x-authority": "kept",
    });
  });

  test.each<[string, string | string[] | undefined]>([
    ["none", undefined],
    ["an empty one", ""],
    ["a scheme without a token", "Bearer"],
    ["another scheme", "Basic good"],
    ["two tokens", "Bearer good good"],
    ["two headers joined", "Bearer good, Bearer good"],
    ["two headers", ["Bearer good", "Bearer good"]],
    ["another token", "Bearer bad"],
  ])(
    "is nobody with %s as authorization, and the client's own headers are gone all the same",
    async (_what, value) => {
      const headers: MutableHeaders = { authorization: value, "x-auth-user-id": "root" };
      expect(await call(headers)).toBeNull();
      expect(Object.keys(headers)).toEqual(["authorization"]);
    },
  );

  test("may write the scheme in any case", async () => {
    expect(await call({ authorization: "bearer  good " })).toBe(ann);
  });

  test("is not refused but asked to wait while the keys cannot be had", async () => {
    await expect(call({ authorization: "Bearer busy" })).rejects.toMatchObject({ code: "unavailable" });
  });

  test("is logged with a reason and without the token", async () => {
    await call({ authorization: "Bearer very-secret-token" });
    await call({ authorization: "Basic very-secret-word" });
    const lines = logger.of("request.refused").slice(-2);
    expect(lines.map(({ fields }) => fields.reason)).toEqual([
      "Token refused: not the good one.",
      "Token refused: no bearer token.",
    ]);
    expect(logger.text).not.toContain("very-secret");
  });
});
