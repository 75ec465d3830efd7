import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { REGISTERED_SERVICES } from "../../server/rpc/registered-services.ts";
import { edgeSnapshots } from "../../server/xds/envoy/edge-snapshots.ts";
import { ClusterLoadAssignmentSchema } from "../../server/xds/gen/envoy/config/endpoint/v3/endpoint_pb.ts";
import { createSnapshot, type SnapshotPart } from "../../server/xds/snapshot.ts";
import { type EchoUpstream, startEchoUpstream } from "../support/echo-upstream.ts";
import { type PythonGrpc, pythonGrpc } from "../support/python-grpc.ts";
import { describeReal } from "../support/real-components.ts";
import { edgeConfig, TestPlane } from "./envoy-harness.ts";

const NODE = "python-client";
const PATIENCE = { timeout: 15_000, interval: 20 };
const answerOf = (name: string) => `ok ${Buffer.from(name).toString("hex")}`;

describeReal("Python's gRPC client that resolves xds:///platemark by our ADS", ["python"], () => {
  let folder: string;
  let plane: TestPlane;
  let upstreams: { readonly blue: EchoUpstream; readonly green: EchoUpstream };
  let client: PythonGrpc;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "platemark-grpc-xds-"));
    plane = await new TestPlane().start();
    upstreams = { blue: await startEchoUpstream("blue"), green: await startEchoUpstream("green") };
    const bootstrap = join(folder, "bootstrap.json");
    const server = {
      server_uri: `127.0.0.1:${plane.port}`,
      channel_creds: [{ type: "insecure" }],
      server_features: ["xds_v3"],
    };
    await writeFile(
      bootstrap,
      JSON.stringify({ xds_servers: [server], node: { id: NODE, cluster: "test" } }),
    );
    plane.configure(to("blue"));
    client = pythonGrpc("xds:///platemark", "/platemark.v1.HealthService/Check", {
      GRPC_XDS_BOOTSTRAP: bootstrap,
    });
  });
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    for (const started of [plane, upstreams?.blue, upstreams?.green]) await started?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** One release whose endpoint is the upstream of that name. */
  const to = (name: "blue" | "green", weights?: { readonly blue: number; readonly green: number }) => ({
    releases:
      weights === undefined
        ? [{ name: "stable", endpoints: [{ host: "127.0.0.1", port: upstreams[name].port }] }]
        : (["blue", "green"] as const).map((each) => ({
            name: each,
            weight: weights[each],
            endpoints: [{ host: "127.0.0.1", port: upstreams[each].port }],
          })),
  });

  test("calls the endpoint, and another within a second of the change", async () => {
    expect(await client.call()).toBe(answerOf("blue"));
    expect(plane.nodes.reports).toMatchObject([{ id: NODE, group: "grpc", connected: true }]);
    plane.configure(to("green"));
    await vi.waitFor(async () => expect(await client.call()).toBe(answerOf("green")), PATIENCE);
  });

  test("shares its calls out by weight, and finds new releases", async () => {
    plane.configure(to("blue", { blue: 1, green: 1 }));
    const seen = new Set<string>();
    await vi.waitFor(async () => {
      seen.add(await client.call());
      expect(seen).toEqual(new Set([answerOf("blue"), answerOf("green")]));
    }, PATIENCE);
    plane.configure(to("blue", { blue: 1, green: 0 }));
    await vi.waitFor(async () => {
      for (let call = 0; call < 10; call++) expect(await client.call()).toBe(answerOf("blue"));
    }, PATIENCE);
  });

  test("survives endpoints that it refuses with the last good ones, and says why", async () => {
    const snapshot = edgeSnapshots(
      REGISTERED_SERVICES,
      edgeConfig(to("blue", { blue: 1, green: 0 })),
      null,
    ).get("grpc")!;
    const parts = Object.fromEntries(
      Object.entries(snapshot.resources).map(([type, all]) => [type, [...all.values()] as SnapshotPart[]]),
    );
    // Priorities must not leave one out (gRFC A27).
    const bad = create(ClusterLoadAssignmentSchema, {
      clusterName: "blue",
      endpoints: [{ priority: 3, locality: { region: "x" }, loadBalancingWeight: 1 }],
    });
    parts.endpoints = [
      ...parts.endpoints!.filter(({ name }) => name !== "blue"),
      { name: "blue", body: anyPack(ClusterLoadAssignmentSchema, bad) },
    ];
    plane.snapshots.set(new Map([["grpc", createSnapshot(parts)]]));
    const refusal = () => plane.nodes.reports[0]!.types.endpoints?.refusal;
    await vi.waitFor(() => expect(refusal()?.message).toMatch(/priority/), PATIENCE);
    expect(await client.call()).toBe(answerOf("blue"));
    plane.configure(to("blue", { blue: 0, green: 1 }));
    await vi.waitFor(async () => expect(await client.call()).toBe(answerOf("green")), PATIENCE);
    expect(refusal()).toBeNull();
  });
});
