import { type CoreHostDeps, hostCore } from "./core-host.ts";
import type { FromCore, ToCore } from "./core-messages.ts";

/** Serves a core to the main process from the utility process that this runs in. */
export function serveParent(open: CoreHostDeps["open"]): void {
  const { parentPort } = process;
  hostCore({
    open,
    exit: (code) => process.exit(code),
    port: {
      post: (message: FromCore) => parentPort.postMessage(message),
      onMessage: (listener) =>
        void parentPort.on("message", (event) => listener(event.data as ToCore, event.ports)),
    },
  });
}
