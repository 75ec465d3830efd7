import type { SystemEvent } from "./core-messages.ts";

const LOOK_EVERY_MS = 5_000;

export interface SystemEventDeps {
  /** Electron's `powerMonitor`. */
  readonly power: { on(event: "suspend" | "resume", listener: () => void): unknown };
  /** Whether any network is there; Electron's `net.isOnline`. There is no event for it in the main process. */
  readonly isOnline: () => boolean;
  /** `setInterval`, without keeping the program alive. */
  readonly every: (ms: number, look: () => void) => void;
}

/** Tells of sleep, waking and the network's coming and going. After waking, the network is looked at at once. */
export function watchSystem(deps: SystemEventDeps, listener: (event: SystemEvent) => void): void {
  let online = deps.isOnline();
  const look = () => {
    if (deps.isOnline() === online) return;
    online = !online;
    listener(online ? "online" : "offline");
  };
  deps.every(LOOK_EVERY_MS, look);
  deps.power.on("suspend", () => listener("suspend"));
  deps.power.on("resume", () => {
    listener("resume");
    look();
  });
}
