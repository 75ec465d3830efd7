import { describe, expect, test } from "vitest";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { mintToken } from "../tokens/mint-token.ts";
import type { MutableHeaders } from "../tokens/request-caller.ts";
import { secretKeys } from "../tokens/secret-key.ts";
import { createTokenAuthenticator } from "../tokens/token-authenticator.ts";
import { authorizeCall } from "./authorization.ts";

const secret = "a-secret-of-this-test-alone-0123456789";
const clock = new FakeClock();
const authenticator = createTokenAuthenticator(
  { keys: secretKeys(secret), clock },
  { audience: "platemark", issuer: null, toleranceSeconds: 5 },
);
const grant = { secret, user: "ann", bucket: "pictures", now: clock.now() };
const authorize = (
  headers: MutableHeaders,
  method = MediaService.method.listMedia as Parameters<typeof authorizeCall>[1]["method"],
) => authorizeCall({ authenticator }, { headers, method, path: "/p", logger: new RecordingLogger() });

describe("a call that comes as the first message of a websocket", () => {
  test("goes on with what its token says, in place of what the client has written", async () => {
    const headers: MutableHeaders = {
      authorization: `Bearer ${await mintToken({ ...grant, scopes: ["media.read"] })}`,
      "x-auth-user-id": "root",
    };
    expect(await authorize(headers)).toMatchObject({ user: "ann" });
    expect(headers["x-auth-user-id"]).toBe("ann");
    await expect(authorize(headers, MediaService.method.rollbackMedia)).rejects.toMatchObject({
      code: "permission_denied",
    });
  });

  test("ends before anything of it runs without a valid token, unless the method is for everybody", async () => {
    for (const authorization of [
      undefined,
      "Bearer nonsense",
      `Bearer ${await mintToken({ ...grant, secret: `${secret}x` })}`,
    ])
      await expect(authorize({ authorization })).rejects.toMatchObject({ code: "unauthenticated" });
    expect(await authorize({}, HealthService.method.check)).toBeNull();
  });
});
