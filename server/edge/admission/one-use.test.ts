import type { DescMethod } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import { HealthService } from "#gen/health_pb.ts";
import { UploadService } from "#gen/uploads_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { RecordingLogger } from "../../../test/fakes/recording-logger.ts";
import { createMemoryOneUseLedger } from "../../adapters/memory/one-use-ledger.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";
import { type Principal, USER_SCOPES } from "../../services/principal.ts";
import type { Exchange } from "../exchange.ts";
import { ADMIT_ALL, type Admission } from "./admission.ts";
import { createOneUse } from "./one-use.ts";

const { createUploads, completeUploads } = UploadService.method;
const clock = new FakeClock();
const once: Principal = {
  user: "ann",
  bucket: "pictures",
  objectKeyPrefix: "raw/ann/",
  maxSize: 1,
  scopes: new Set(USER_SCOPES),
  oneUse: { id: "t-1", expiresAtMs: clock.now() + 900_000 },
};

let ledger: OneUseLedger;
let limits: Admission;
let logger: RecordingLogger;
let refusals: string[];
beforeEach(() => {
  ledger = createMemoryOneUseLedger({ clock });
  limits = ADMIT_ALL;
  logger = new RecordingLogger();
  refusals = [];
});

async function admit(method: DescMethod, caller: Principal | null): Promise<string> {
  const observer = { refused: (what: string, reason: string) => void refusals.push(`${what}: ${reason}`) };
  const exchange = { caller, logger } as unknown as Exchange;
  try {
    await createOneUse(limits, { ledger, observer }).admitCaller(exchange, method);
    return "admitted";
  } catch (error) {
    return AppError.from(error).code;
  }
}

test("a token for one use calls each method once, and another of the same user's as well", async () => {
  expect(await admit(createUploads, once)).toBe("admitted");
  expect(await admit(createUploads, once)).toBe("unauthenticated");
  expect(refusals).toEqual(["token: used before"]);
  expect(logger.of("request.refused")).toMatchObject([
    { fields: { user: "ann", reason: "token used before" } },
  ]);
  expect(await admit(completeUploads, once)).toBe("admitted");
  expect(await admit(completeUploads, once)).toBe("unauthenticated");
  expect(await admit(createUploads, { ...once, oneUse: { ...once.oneUse!, id: "t-2" } })).toBe("admitted");
  expect(await admit(createUploads, { ...once, user: "bob" })).toBe("admitted");
});

test("a call that a limit turns away has not used its token up", async () => {
  limits = {
    ...ADMIT_ALL,
    admitCaller: () => Promise.reject(new AppError("resource_exhausted", "Too many calls.")),
  };
  expect(await admit(createUploads, once)).toBe("resource_exhausted");
  limits = ADMIT_ALL;
  expect(await admit(createUploads, once)).toBe("admitted");
  expect(await admit(createUploads, once)).toBe("unauthenticated");
});

test("of many at once one is let through", async () => {
  const all = await Promise.all(Array.from({ length: 30 }, () => admit(createUploads, once)));
  expect(all.filter((outcome) => outcome === "admitted")).toHaveLength(1);
});

test("nobody is let through while the ledger cannot tell; it is asked for tokens for one use alone", async () => {
  ledger = { use: () => Promise.reject(new AppError("unavailable", "no database")), close: async () => {} };
  expect(await admit(createUploads, once)).toBe("unavailable");
  expect(await admit(createUploads, { ...once, oneUse: null })).toBe("admitted");
  expect(await admit(HealthService.method.check, once)).toBe("admitted");
  expect(await admit(HealthService.method.check, null)).toBe("admitted");
});
