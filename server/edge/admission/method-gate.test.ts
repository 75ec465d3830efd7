import type { DescMethod } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { AdminService } from "#gen/admin_pb.ts";
import { HealthService } from "#gen/health_pb.ts";
import { MediaService } from "#gen/media_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { type Principal, USER_SCOPES } from "../../services/principal.ts";
import { assertMayCall } from "./method-gate.ts";

const ann: Principal = {
  user: "ann",
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1,
  scopes: new Set(USER_SCOPES),
  oneUse: null,
};
const { createUploads } = UploadService.method;

let logger: RecordingLogger;
beforeEach(() => {
  logger = new RecordingLogger();
});
const admit = (method: DescMethod, principal: Principal | null) => {
  try {
    assertMayCall(method, principal, logger);
    return "admitted";
  } catch (error) {
    return AppError.from(error).code;
  }
};

describe("the gate before a method", () => {
  test("asks for a caller with the method's scope", () => {
    expect(admit(createUploads, ann)).toBe("admitted");
    expect(admit(createUploads, null)).toBe("unauthenticated");
    expect(admit(HealthService.method.check, null)).toBe("admitted");
    const reader = { ...ann, scopes: new Set(["media.read"]) };
    expect(admit(MediaService.method.listMedia, reader)).toBe("admitted");
    expect(admit(MediaService.method.rollbackMedia, reader)).toBe("permission_denied");
    expect(admit(createUploads, { ...ann, scopes: new Set() })).toBe("permission_denied");
  });

  test("keeps users without the scope from what operators do", () => {
    expect(admit(AdminService.method.setOrigins, ann)).toBe("permission_denied");
    expect(admit(AdminService.method.setOrigins, { ...ann, scopes: new Set(["admin"]) })).toBe("admitted");
    expect(logger.of("request.refused")[0]!.fields).toMatchObject({
      user: "ann",
      reason: "scope admin missing",
    });
  });

  test("lets nobody to a method without a policy", () => {
    const bare = {
      ...createUploads,
      proto: { ...createUploads.proto, options: undefined },
    } as unknown as DescMethod;
    expect(admit(bare, { ...ann, scopes: new Set(["admin", "", ...USER_SCOPES]) })).toBe("permission_denied");
  });
});
