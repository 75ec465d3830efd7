import { createStore, type StoreApi } from "zustand/vanilla";
import type { CoreClient, Response } from "#contracts/ipc.ts";

export interface Connection {
  /** `ended`: the core lives, but this page's session does not. */
  readonly state: "connecting" | "connected" | "lost" | "ended";
  readonly info: Response<"app.info"> | null;
}
export type ConnectionStore = StoreApi<Connection>;

export function createConnectionStore(client: CoreClient): ConnectionStore {
  const store: ConnectionStore = createStore(() => ({ state: "connecting", info: null }));
  client.onConnection((connected) => {
    store.setState(({ state }) => ({
      state: connected ? "connected" : state === "ended" ? "ended" : "lost",
    }));
    if (!connected) return;
    client.call("app.info", {}).then(
      (info) => store.setState({ info }),
      () => {},
    );
  });
  return store;
}
