import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RouteMatchSchema } from "../gen/envoy/config/route/v3/route_components_pb.ts";

/** A GET below a path that asks for a websocket. */
export function websocketMatch(prefix: string): MessageInitShape<typeof RouteMatchSchema> {
  const header = (name: string, value: string) => ({
    name,
    headerMatchSpecifier: {
      case: "stringMatch" as const,
      value: { matchPattern: { case: "exact" as const, value }, ignoreCase: true },
    },
  });
  return {
    pathSpecifier: { case: "prefix", value: prefix },
    headers: [header("upgrade", "websocket"), header(":method", "GET")],
  };
}
