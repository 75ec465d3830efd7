import type { DescMethod } from "@bufbuild/protobuf";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { policyOf } from "../../rpc/method-policy.ts";
import type { Principal } from "../../services/principal.ts";

/** How a method is called in logs, and in what is remembered of a token for one use. */
export function nameOfMethod(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/**
 * Lets a caller to a method, or not: the one place where `MethodPolicy` is enforced, for every protocol, for websockets
 * and for JSON routes. Runs before the body is read.
 * @throws AppError `unauthenticated` without a caller, `permission_denied` without the scope.
 */
export function assertMayCall(method: DescMethod, principal: Principal | null, logger: Logger): void {
  const policy = policyOf(method);
  if (policy?.anonymous) return;
  if (!principal) throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
  if (policy?.scope && principal.scopes.has(policy.scope)) return;
  const reason = policy ? `scope ${policy.scope} missing` : "method without a policy";
  logger.warn("request.refused", { path: nameOfMethod(method), user: principal.user, reason });
  throw new AppError("permission_denied", "This token does not allow this call.");
}
