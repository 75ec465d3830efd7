import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { REGISTERED_SERVICES } from "../../rpc/registered-services.ts";
import { RouteConfigurationSchema } from "../gen/envoy/config/route/v3/route_pb.ts";
import { CorsPolicySchema } from "../gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { RESOURCE_TYPES } from "../resource-type.ts";
import { parseEdgeConfig } from "./edge-config.ts";
import { edgeSnapshots, type NodeGroup, nodeGroupOf } from "./edge-snapshots.ts";

const release = (name: string, weight: number, host = "10.0.0.11") => ({
  name,
  weight,
  endpoints: [{ host, port: 4410 }],
});
const snapshot = (releases: readonly unknown[], group: NodeGroup = "envoy") => {
  const config = parseEdgeConfig(JSON.stringify({ releases }), "edge.json");
  return edgeSnapshots(REGISTERED_SERVICES, config, null).get(group)!;
};
const names = (releases: readonly unknown[], group: NodeGroup = "envoy") =>
  Object.fromEntries(
    RESOURCE_TYPES.map((type) => [type, [...snapshot(releases, group).resources[type].keys()]]),
  );
const routesOf = (releases: readonly unknown[]) => {
  const [route] = snapshot(releases).resources.route.values();
  return anyUnpack(route!.body, RouteConfigurationSchema)!.virtualHosts[0]!.routes;
};

describe("snapshots", () => {
  test("are the same for the same configuration, and change where it changes alone", () => {
    const before = snapshot([release("a", 1), release("b", 1)]);
    expect(snapshot([release("a", 1), release("b", 1)]).version).toBe(before.version);
    const after = snapshot([release("a", 1), release("b", 1, "10.0.0.12")]);
    const changed = RESOURCE_TYPES.flatMap((type) =>
      [...after.resources[type].values()].filter(
        ({ name, version }) => before.resources[type].get(name)?.version !== version,
      ),
    );
    expect(changed.map(({ name }) => name)).toEqual(["b"]);
  });

  test("hold for Envoy each release twice, for calls and for upgrades, and for gRPC clients once", () => {
    const releases = [release("a", 1), release("b", 0)];
    expect(names(releases)).toEqual({
      cluster: ["a", "a-upgrade", "b", "b-upgrade"],
      endpoints: ["a", "b"],
      listener: ["platemark-edge"],
      route: ["platemark-edge-routes"],
    });
    expect(names(releases, "grpc")).toEqual({
      cluster: ["a", "b"],
      endpoints: ["a", "b"],
      listener: ["platemark"],
      route: ["platemark-grpc-routes"],
    });
  });

  test("leave a release with a host name to DNS", () => {
    expect(names([release("a", 1, "platemark.internal")]).endpoints).toEqual([]);
  });

  test("share requests out by weight, and ask nothing of a release without", () => {
    const split = (releases: readonly unknown[]) => {
      const { action } = routesOf(releases).find(({ name }) => name.endsWith("HealthService/Check"))!;
      if (action.case !== "route") throw new Error("no route");
      const { clusterSpecifier } = action.value;
      return clusterSpecifier.case === "weightedClusters"
        ? clusterSpecifier.value.clusters.map(({ name, weight }) => [name, weight])
        : clusterSpecifier.value;
    };
    expect(split([release("a", 95), release("b", 5)])).toEqual([
      ["a", 95],
      ["b", 5],
    ]);
    expect(split([release("a", 95), release("b", 0)])).toBe("a");
  });

  test("send websockets of a service on before its calls", () => {
    const paths = routesOf([release("a", 1)]).map(({ match }) => match?.pathSpecifier.value);
    expect(paths.indexOf("/platemark.v1.MediaService/")).toBeLessThan(
      paths.indexOf("/platemark.v1.MediaService/WatchMedia"),
    );
  });

  test("lead to nothing that no service names", () => {
    const prefixes = routesOf([release("a", 1)]).flatMap(({ match }) =>
      match?.pathSpecifier.case === "prefix" ? [match.pathSpecifier.value] : [],
    );
    expect(prefixes).not.toContain("/");
  });

  test("lead nobody outside to what is withheld, which must be there", () => {
    const paths = routesOf([release("a", 1)]).map(({ match }) => String(match?.pathSpecifier.value));
    expect(paths.filter((path) => path.includes("AdminService"))).toEqual([]);
    const typo = { withhold: ["platemark.v1.AdminServices"], releases: [release("a", 1)] };
    const config = parseEdgeConfig(JSON.stringify(typo), "edge.json");
    expect(() => edgeSnapshots(REGISTERED_SERVICES, config, null)).toThrowError(/AdminServices/);
  });

  test("leave origins to the server that Envoy cannot answer as it does", () => {
    const origins = [
      "https://*.shop.example",
      "https://shop.example",
      "null",
      { origin: "https://c.example", credentials: true },
    ];
    const config = parseEdgeConfig(JSON.stringify({ releases: [release("a", 1)], origins }), "edge.json");
    const [route] = edgeSnapshots(REGISTERED_SERVICES, config, null).get("envoy")!.resources.route.values();
    const host = anyUnpack(route!.body, RouteConfigurationSchema)!.virtualHosts[0]!;
    const cors = anyUnpack(host.typedPerFilterConfig["envoy.filters.http.cors"]!, CorsPolicySchema)!;
    expect(cors.allowOriginStringMatch.map(({ matchPattern: { case: kind } }) => kind)).toEqual([
      "exact",
      "safeRegex",
    ]);
  });

  test.each([
    ["gRPC C-core 1.85.1", "grpc"],
    ["gRPC Go 1.70.0", "grpc"],
    ["grpc-java", "grpc"],
    ["envoy 1.40.0", "envoy"],
    ["", "envoy"],
  ])("are chosen by what a node calls itself: %j is of %s", (agent, group) =>
    expect(nodeGroupOf({ agent })).toBe(group),
  );
});
