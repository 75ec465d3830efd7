import { afterAll, beforeAll, describe } from "vitest";
import { BreakableProxy } from "../support/breakable-proxy.ts";
import { describeReal } from "../support/real-components.ts";
import { type StaticEnvoy, startStaticEnvoy } from "../support/static-envoy.ts";
import { CONNECT, cancellationSuite, GRPC, GRPC_WEB, WEBSOCKET } from "./cancellation-matrix.ts";

describe("cancellation", () => {
  cancellationSuite([CONNECT, GRPC, GRPC_WEB, WEBSOCKET]);
});

describeReal("cancellation through Envoy", ["envoy"], () => {
  let behind: BreakableProxy;
  let envoy: StaticEnvoy;
  beforeAll(async () => {
    behind = await BreakableProxy.to({ host: "127.0.0.1", port: 9 });
    envoy = await startStaticEnvoy(behind.port);
  });
  afterAll(async () => {
    await envoy?.[Symbol.asyncDispose]();
    await behind?.[Symbol.asyncDispose]();
  });
  // Envoy resets its own stream, with NO_ERROR, and says no more about why.
  cancellationSuite([{ ...GRPC, abort: "client_gone", endsFirst: true }, WEBSOCKET], ({ port }) => {
    behind.aim({ host: "127.0.0.1", port });
    return envoy.port;
  });
});
