import { createHash } from "node:crypto";
import { AppError } from "#kernel/errors.ts";
import { policyOf } from "../../rpc/method-policy.ts";
import type { OneUseLedger } from "../../services/ports/one-use-ledger.ts";
import type { CallObserver } from "../call-observer.ts";
import type { Admission } from "./admission.ts";
import { nameOfMethod } from "./method-gate.ts";

/**
 * Uses tokens for one use up, each for each method once: the last thing before a call begins, so that one which `limits`
 * turns away has not cost its token.
 * Refuses with `unauthenticated` a token that was used before, with `unavailable` while nobody can tell whether it was.
 */
export function createOneUse(
  limits: Admission,
  { ledger, observer }: { readonly ledger: OneUseLedger; readonly observer: Pick<CallObserver, "refused"> },
): Admission {
  return {
    admitAddress: (exchange) => limits.admitAddress(exchange),
    async admitCaller(exchange, method) {
      await limits.admitCaller(exchange, method);
      const { caller, logger } = exchange;
      if (!caller?.oneUse || policyOf(method)?.anonymous) return;
      const path = nameOfMethod(method);
      const { id, expiresAtMs } = caller.oneUse;
      const key = createHash("sha256")
        .update(JSON.stringify([caller.user, id, path]))
        .digest("base64url");
      if (await ledger.use(key, expiresAtMs)) return;
      observer.refused("token", "used before");
      logger.warn("request.refused", { path, user: caller.user, reason: "token used before" });
      throw new AppError("unauthenticated", "This token was used before.", { retry: "reauth" });
    },
  };
}
