import { expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { Health } from "#standard/health/v1/health_pb.ts";
import { REGISTERED_SERVICES } from "./registered-services.ts";
import { createRouter, type RouterDeps } from "./router.ts";

test("the registered services are those that the router answers, and gRPC's own health", () => {
  const deps = { logger: silentLogger } as unknown as RouterDeps;
  const router = createRouter(deps, { shutdown: new AbortController().signal, clock: systemClock });
  const answered = new Set(router.all.map(({ handler }) => handler.service.typeName)).add(Health.typeName);
  expect(new Set(REGISTERED_SERVICES.map(({ typeName }) => typeName))).toEqual(answered);
});
