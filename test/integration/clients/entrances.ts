import type { RealComponent } from "../../support/component-variables.ts";
import { startEnvoy } from "../../support/static-envoy.ts";

/** A way that clients take to servers on this machine. */
export interface Entrance {
  readonly name: string;
  readonly needs: readonly RealComponent[];
  /** Opens the way to each port, and answers where clients go instead. */
  open(ports: readonly number[], stack: AsyncDisposableStack): Promise<readonly number[]>;
}

export const ENTRANCES: readonly Entrance[] = [
  { name: "straight to the server", needs: [], open: async (ports) => ports },
  {
    name: "through Envoy",
    needs: ["envoy"],
    open: async (ports, stack) =>
      Promise.all(
        ports.map(async (port) => {
          const envoy = stack.use(await startEnvoy(port));
          return envoy.port;
        }),
      ),
  },
];
