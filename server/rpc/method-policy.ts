import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { type MethodPolicy, policy } from "#gen/options_pb.ts";

/** What a method asks of its caller. `null`: nobody has said, and nobody may call it. */
export type AccessPolicy = Pick<MethodPolicy, "scope" | "anonymous">;

/** Services of others, whose protos cannot carry our option. Reflection answers only where a setting wants it. */
const POLICIES_OF_OTHERS: Readonly<Record<string, AccessPolicy>> = {
  "grpc.health.v1.Health": { anonymous: true, scope: "" },
  "grpc.reflection.v1.ServerReflection": { anonymous: true, scope: "" },
  "grpc.reflection.v1alpha.ServerReflection": { anonymous: true, scope: "" },
};

export function policyOf(method: DescMethod): AccessPolicy | null {
  return hasOption(method, policy)
    ? getOption(method, policy)
    : (POLICIES_OF_OTHERS[method.parent.typeName] ?? null);
}
