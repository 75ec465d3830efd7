/** Negative type tests: each line marked must not compile; `tsc -b` fails when one does. */
import type { EventPayload, Handlers, Request } from "#contracts/ipc.ts";
import type { MarkSpec } from "#contracts/mark-spec.ts";
import type { MediaState } from "#contracts/media-state.ts";
import { AppError } from "#kernel/errors.ts";

declare const handlers: Handlers;
const { "jobs.list": _forgotten, ...withoutJobsList } = handlers;
// @ts-expect-error a handler is missing
export const missing: Handlers = withoutJobsList;

// @ts-expect-error `path` is required
export const noPath: Request<"import.start"> = {};

// @ts-expect-error no such channel
export type NoChannel = Request<"import.stop">;

// @ts-expect-error events have payloads of their own
export const wrongEvent: EventPayload<"job.changed"> = { jobId: "1", items: [] };

// @ts-expect-error the states are closed
export const state: MediaState = "lost";

// @ts-expect-error error codes are closed
export const error = new AppError("something.else", "");

// @ts-expect-error exact optional properties: undefined is not absence
export const retry = new AppError("internal", "", { retry: undefined });

declare const spec: MarkSpec;
// @ts-expect-error nine anchors, no others
export const anchor: "bottomright" = spec.position;
