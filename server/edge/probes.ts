import type { Health } from "../services/health.ts";
import { answerJson } from "./answers/answers.ts";
import type { Exchange } from "./exchange.ts";

/** What orchestrators ask, without a token and from wherever they are: alive, and ready for requests. */
export function createProbes(deps: {
  readonly health: Health;
  /** Fires when the server drains. */
  readonly draining: AbortSignal;
}): ReadonlyMap<string, (exchange: Exchange) => Promise<void> | void> {
  return new Map([
    ["/healthz", ({ response }: Exchange) => answerJson(response, 200, { serving: true })],
    [
      "/readyz",
      async ({ response }: Exchange) => {
        const { serving, components } = await deps.health.check();
        const ready = serving && !deps.draining.aborted;
        // Messages of components name addresses inside; whoever may see them asks HealthService with a log at hand.
        const names = components.map(({ name, serving: well }) => ({ name, serving: well }));
        answerJson(response, ready ? 200 : 503, { serving: ready, components: names });
      },
    ],
  ]);
}
