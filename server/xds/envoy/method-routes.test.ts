import { describe, expect, test } from "vitest";
import { REGISTERED_SERVICES } from "../../rpc/registered-services.ts";
import { methodRoutes } from "./method-routes.ts";

const byPath = new Map(methodRoutes(REGISTERED_SERVICES).map((route) => [route.path, route]));

describe("routes of methods", () => {
  test("there is one for every method of every service", () => {
    expect(byPath.size).toBe(REGISTERED_SERVICES.flatMap(({ methods }) => methods).length);
  });

  test.each([
    ["/platemark.v1.HealthService/Check", { timeoutMs: 10_000, repeatable: true, anonymous: true }],
    ["/platemark.v1.MediaService/RollbackMedia", { timeoutMs: 60_000, repeatable: false, anonymous: false }],
    ["/platemark.v1.MediaService/WatchMedia", { timeoutMs: null, repeatable: false, anonymous: false }],
    [
      "/platemark.v1.UploadService/CompleteUploads",
      { timeoutMs: 300_000, repeatable: true, anonymous: false },
    ],
    ["/platemark.v1.SyncService/Sync", { timeoutMs: null, repeatable: false, anonymous: false }],
    ["/grpc.health.v1.Health/Check", { timeoutMs: 15_000, repeatable: false, anonymous: true }],
  ])("%s has what its proto file says", (path, route) =>
    expect(byPath.get(path)).toEqual({ path, ...route }),
  );
});
