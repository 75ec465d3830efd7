import type { RealComponent } from "../../support/component-variables.ts";
import { startEdgeEnvoy, type Upstream } from "../../support/edge-envoy.ts";

/** A way that clients take to servers on this machine. */
export interface Entrance {
  readonly name: string;
  readonly needs: readonly RealComponent[];
  /** Refuses bad tokens before the server sees them. */
  readonly checksTokens: boolean;
  /** Answers where clients go instead of each server's port. */
  open(servers: readonly Upstream[], stack: AsyncDisposableStack): Promise<readonly number[]>;
}

export const ENTRANCES: readonly Entrance[] = [
  {
    name: "straight to the server",
    needs: [],
    checksTokens: false,
    open: async (servers) => servers.map(({ port }) => port),
  },
  {
    name: "through Envoy",
    needs: ["envoy"],
    checksTokens: true,
    open: async (servers, stack) => stack.use(await startEdgeEnvoy(servers)).ports,
  },
];
