import type { Answer, Channel, EventName } from "#contracts/ipc.ts";
import type { Settings } from "#contracts/settings.ts";
import type { ErrorBody } from "#kernel/errors.ts";
import type { ChildEntry } from "../../studio/ports/child-process.ts";

/** What happens to the machine, as far as uploads care. */
export type SystemEvent = "suspend" | "resume" | "online" | "offline";

export interface Asset {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** From the main process to the core's process. `id` is chosen by the sender and unique in one core's life. */
export type ToCore =
  | { readonly type: "open"; readonly settings: Settings }
  | { readonly type: "call"; readonly id: number; readonly channel: Channel; readonly request: unknown }
  | { readonly type: "asset"; readonly id: number; readonly path: string }
  /** Nobody waits for this call or asset any more. It is answered all the same. */
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "system"; readonly event: SystemEvent }
  /** Comes with one port, which leads to the child. */
  | { readonly type: "child.started"; readonly id: number; readonly pid: number | null }
  | { readonly type: "child.exited"; readonly id: number; readonly code: number | null }
  /** Finish what is under way, close everything, and exit. */
  | { readonly type: "close" };

/** From the core's process to the main process. */
export type FromCore =
  | { readonly type: "ready" }
  /** The core could not open; `close` is all that is left to say to it. */
  | { readonly type: "failed"; readonly error: ErrorBody }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer<unknown> }
  | { readonly type: "asset"; readonly id: number; readonly answer: Answer<Asset | null> }
  | { readonly type: "event"; readonly event: EventName; readonly payload: unknown }
  | { readonly type: "child.spawn"; readonly id: number; readonly entry: ChildEntry }
  | { readonly type: "child.kill"; readonly id: number };
