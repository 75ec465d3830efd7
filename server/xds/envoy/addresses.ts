import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AddressSchema } from "../gen/envoy/config/core/v3/address_pb.ts";
import type { LbEndpointSchema } from "../gen/envoy/config/endpoint/v3/endpoint_components_pb.ts";

export function socketAddress(host: string, port: number): MessageInitShape<typeof AddressSchema> {
  return {
    address: {
      case: "socketAddress",
      value: { address: host, portSpecifier: { case: "portValue", value: port } },
    },
  };
}

export function endpointAt(
  host: string,
  port: number,
  weight = 1,
): MessageInitShape<typeof LbEndpointSchema> {
  return {
    loadBalancingWeight: weight,
    hostIdentifier: { case: "endpoint", value: { address: socketAddress(host, port) } },
  };
}
