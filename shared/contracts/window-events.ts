import type { EventName } from "./ipc.ts";

/** The one IPC channel on which main sends events to its windows, several at a time. */
export const EVENTS_CHANNEL = "platemark.events";

export interface WindowEvent {
  readonly event: EventName;
  readonly payload: unknown;
}
