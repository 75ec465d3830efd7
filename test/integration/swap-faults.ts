import { AppError } from "#kernel/errors.ts";
import type { ObjectStore } from "../../server/services/ports/object-store.ts";
import type { PublishStep, StepObserver } from "../../server/services/publish-steps.ts";

export const STEPS: readonly PublishStep[] = [
  "marked",
  "proven",
  "begun",
  "proof_stored",
  "snapshot_taken",
  "swapped",
  "settled",
];

/** What a store that does not answer throws. */
export const away = () =>
  new AppError("store.unreachable", "The store does not answer.", { retry: "backoff" });

/** Fails once at a step. */
export function failingAt(step: PublishStep): StepObserver {
  let failed = false;
  return {
    async reached(reached) {
      if (failed || reached !== step) return;
      failed = true;
      throw away();
    },
  };
}

/** While the request that swaps is on its way: whether it arrives, nobody knows. */
export const IN_FLIGHT = "in_flight";

/** The store, with its `put` to what everybody reads done otherwise. */
export function withPublicPut(
  store: ObjectStore,
  put: (send: () => Promise<{ readonly etag: string }>) => Promise<{ readonly etag: string }>,
): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      if (name !== "put") return Reflect.get(target, name)?.bind?.(target) ?? Reflect.get(target, name);
      return (...args: Parameters<ObjectStore["put"]>) =>
        args[0].startsWith("watermarked/") ? put(() => target.put(...args)) : target.put(...args);
    },
  });
}
