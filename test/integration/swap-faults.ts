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
const away = () => new AppError("store.unreachable", "The store does not answer.", { retry: "backoff" });

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

/** Stops the first who comes to a step until it is released. */
export function gateAt(step: PublishStep) {
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const steps: StepObserver = {
    async reached(reached) {
      if (reached !== step) return;
      arrived.resolve();
      await released.promise;
    },
  };
  return { steps, arrived: arrived.promise, release: () => released.resolve() };
}

/** A store that nothing can be removed from, as a dead server removes nothing; while it `refuses`. */
export function withoutRemoval(store: ObjectStore, refuses = () => true): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name === "remove" && refuses())
        return () => Promise.reject(new AppError("store.refused", "No right to delete."));
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** What everybody reads is put there, and nobody hears of it. */
export function withLostAnswer(store: ObjectStore): ObjectStore {
  return withPublicPut(store, async (put) => {
    await put();
    throw away();
  });
}
