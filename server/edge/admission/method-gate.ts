import { createHash } from "node:crypto";
import type { DescMethod } from "@bufbuild/protobuf";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { policyOf } from "../../rpc/method-policy.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";
import type { Principal } from "../../services/principal.ts";

/**
 * Lets a call to its method, or not: the one place where `MethodPolicy` is enforced, for every protocol, for websockets
 * and for JSON routes. Runs before the body is read.
 */
export class MethodGate {
  readonly #ledger: OneUseLedger;

  constructor(deps: { readonly ledger: OneUseLedger }) {
    this.#ledger = deps.ledger;
  }

  /**
   * A token for one use is used up here, for this method, and only by a call that it allows.
   * @throws AppError `unauthenticated` without a caller or with a token that was used before, `permission_denied` without
   *   the scope; `unavailable` while nobody can tell whether it was used.
   */
  async admit(method: DescMethod, principal: Principal | null, logger: Logger): Promise<void> {
    const policy = policyOf(method);
    const called = `${method.parent.typeName}/${method.name}`;
    if (policy?.anonymous) return;
    if (!principal) throw new AppError("unauthenticated", "No valid token.", { retry: "reauth" });
    if (!policy?.scope || !principal.scopes.has(policy.scope)) {
      const reason = policy ? `scope ${policy.scope} missing` : "method without a policy";
      logger.warn("request.refused", { path: called, user: principal.user, reason });
      throw new AppError("permission_denied", "This token does not allow this call.");
    }
    if (principal.oneUse && !(await this.#firstUse(principal.user, principal.oneUse, called))) {
      logger.warn("request.refused", { path: called, user: principal.user, reason: "token used before" });
      throw new AppError("unauthenticated", "This token was used before.", { retry: "reauth" });
    }
  }

  #firstUse(user: string, oneUse: NonNullable<Principal["oneUse"]>, called: string): Promise<boolean> {
    const key = createHash("sha256")
      .update(JSON.stringify([user, oneUse.id, called]))
      .digest("base64url");
    return this.#ledger.use(key, oneUse.expiresAtMs);
  }
}
