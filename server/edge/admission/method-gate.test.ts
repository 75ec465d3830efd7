import type { DescMethod } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { createMemoryOneUseLedger } from "../../adapters/memory/one-use-ledger.ts";
import { type Principal, USER_SCOPES } from "../../services/principal.ts";
import { MethodGate } from "./method-gate.ts";

const ann: Principal = {
  user: "ann",
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1,
  scopes: new Set(USER_SCOPES),
  oneUse: null,
};
const { createUploads, completeUploads } = UploadService.method;
const clock = new FakeClock();
const once: Principal = { ...ann, oneUse: { id: "t-1", expiresAtMs: clock.now() + 900_000 } };

let gate: MethodGate;
let logger: RecordingLogger;
beforeEach(() => {
  logger = new RecordingLogger();
  gate = new MethodGate({ ledger: createMemoryOneUseLedger({ clock }) });
});
const admit = (method: DescMethod, principal: Principal | null) =>
  gate.admit(method, principal, logger).then(
    () => "admitted",
    (error: unknown) => AppError.from(error).code,
  );

describe("the gate before a method", () => {
  test("asks for a caller with the method's scope", async () => {
    expect(await admit(createUploads, ann)).toBe("admitted");
    expect(await admit(createUploads, null)).toBe("unauthenticated");
    expect(await admit(HealthService.method.check, null)).toBe("admitted");
    const reader = { ...ann, scopes: new Set(["media.read"]) };
    expect(await admit(MediaService.method.listMedia, reader)).toBe("admitted");
    expect(await admit(MediaService.method.rollbackMedia, reader)).toBe("permission_denied");
    expect(await admit(createUploads, { ...ann, scopes: new Set() })).toBe("permission_denied");
  });

  test("keeps users without the scope from what operators do", async () => {
    expect(await admit(AdminService.method.setOrigins, ann)).toBe("permission_denied");
    expect(await admit(AdminService.method.setOrigins, { ...ann, scopes: new Set(["admin"]) })).toBe(
      "admitted",
    );
    expect(logger.of("request.refused")[0]!.fields).toMatchObject({
      user: "ann",
      reason: "scope admin missing",
    });
  });

  test("lets nobody to a method without a policy", async () => {
    const bare = {
      ...createUploads,
      proto: { ...createUploads.proto, options: undefined },
    } as unknown as DescMethod;
    expect(await admit(bare, { ...ann, scopes: new Set(["admin", "", ...USER_SCOPES]) })).toBe(
      "permission_denied",
    );
  });

  test("lets a token for one use call each method once, and another of the same user's as well", async () => {
    expect(await admit(createUploads, once)).toBe("admitted");
    expect(await admit(createUploads, once)).toBe("unauthenticated");
    expect(await admit(completeUploads, once)).toBe("admitted");
    expect(await admit(completeUploads, once)).toBe("unauthenticated");
    expect(await admit(createUploads, { ...once, oneUse: { ...once.oneUse!, id: "t-2" } })).toBe("admitted");
    expect(await admit(createUploads, { ...once, user: "bob" })).toBe("admitted");
  });

  test("does not count a call that was refused for its scope", async () => {
    const narrow = { ...once, scopes: new Set(["media.read"]) };
    expect(await admit(createUploads, narrow)).toBe("permission_denied");
    expect(await admit(createUploads, once)).toBe("admitted");
  });

  test("lets one of many at once through", async () => {
    const all = await Promise.all(Array.from({ length: 30 }, () => admit(createUploads, once)));
    expect(all.filter((outcome) => outcome === "admitted")).toHaveLength(1);
  });

  test("lets nobody through while the ledger cannot tell", async () => {
    const away = () => Promise.reject(new AppError("unavailable", "no database"));
    gate = new MethodGate({ ledger: { use: away, close: async () => {} } });
    expect(await admit(createUploads, once)).toBe("unavailable");
    expect(await admit(createUploads, ann)).toBe("admitted");
  });
});
