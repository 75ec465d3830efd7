import { type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { policy } from "#gen/options_pb.ts";
import { AppError } from "#kernel/errors.ts";
import { policyOf } from "../../rpc/method-policy.ts";

/** How one method is to be reached. */
export interface MethodRoute {
  /** `/package.Service/Method` */
  readonly path: string;
  /** `null`: a stream, which ends when it ends. */
  readonly timeoutMs: number | null;
  /** Whether it may be sent again when nobody knows if it has arrived. */
  readonly repeatable: boolean;
  /** Whether it is answered without a token. */
  readonly anonymous: boolean;
}

/** What a method that says nothing of its time may take. */
const DEFAULT_TIMEOUT_MS = 15_000;
const { IDEMPOTENT, NO_SIDE_EFFECTS } = MethodOptions_IdempotencyLevel;

/** The services that are for those outside. @throws AppError `config.invalid` for a withheld one that is not there. */
export function offeredServices(
  services: readonly DescService[],
  withhold: readonly string[],
): readonly DescService[] {
  for (const name of withhold)
    if (!services.some(({ typeName }) => typeName === name))
      throw new AppError("config.invalid", `There is no service “${name}” to withhold.`);
  return services.filter(({ typeName }) => !withhold.includes(typeName));
}

/** Routes from what the proto files say of each method. A method without a policy needs a token. Pure. */
export function methodRoutes(services: readonly DescService[]): readonly MethodRoute[] {
  return services.flatMap(({ methods, typeName }) =>
    methods.map((method) => {
      const stated = hasOption(method, policy) ? getOption(method, policy) : undefined;
      return {
        path: `/${typeName}/${method.name}`,
        timeoutMs: timeoutOf(method, stated?.timeoutMs),
        repeatable:
          method.methodKind === "unary" &&
          (method.idempotency === IDEMPOTENT || method.idempotency === NO_SIDE_EFFECTS),
        anonymous: policyOf(method)?.anonymous ?? false,
      };
    }),
  );
}

function timeoutOf({ methodKind }: DescMethod, stated: number | undefined): number | null {
  if (stated !== undefined && stated > 0) return stated;
  return methodKind === "unary" ? DEFAULT_TIMEOUT_MS : null;
}
