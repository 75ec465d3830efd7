import { expect, test } from "vitest";
import { silentLogger } from "#kernel/logger.ts";
import { REGISTERED_SERVICES } from "./registered-services.ts";
import { createRouter, type RouterDeps } from "./router.ts";

test("the registered services are those that the router answers", () => {
  const deps = { logger: silentLogger } as unknown as RouterDeps;
  const { handlers } = createRouter(deps, { shutdown: new AbortController().signal });
  const answered = new Set(handlers.map(({ service }) => service.typeName));
  expect(new Set(REGISTERED_SERVICES.map(({ typeName }) => typeName))).toEqual(answered);
});
