import { AsyncLocalStorage } from "node:async_hooks";
import { type Cause, causeHeaders } from "#kernel/trace-context.ts";
import { noTracer, type Tracer } from "#kernel/tracer.ts";

/** Makes no spans, and still lets calls to other services say which request they are made for. */
export function createCauseTracer(): Tracer {
  const causes = new AsyncLocalStorage<Cause>();
  return {
    ...noTracer,
    within: (_span, cause, work) => (cause === null ? work() : causes.run(cause, work)),
    outgoing() {
      const cause = causes.getStore();
      return cause ? causeHeaders(cause) : {};
    },
  };
}
