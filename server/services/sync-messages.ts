import { AppError } from "#kernel/errors.ts";
import type { MediaRow } from "./ports/media-repository.ts";
import type { ClientKind, Peer } from "./ports/presence-board.ts";

export interface SyncHello {
  readonly kind: "hello";
  readonly clientId: string;
  readonly clientKind: ClientKind;
  readonly label: string;
  readonly activity: string;
  /** Wants changes of pictures. */
  readonly media: boolean;
  readonly presence: boolean;
  /** `undefined`: from the last acknowledgement, else from now on. */
  readonly afterSequence: number | undefined;
}

/** What a client says. */
export type SyncIn =
  | SyncHello
  | { readonly kind: "acknowledge"; readonly sequence: number }
  | { readonly kind: "activity"; readonly activity: string }
  | { readonly kind: "ping" };

/** What the server says. */
export type SyncOut =
  | { readonly kind: "welcome"; readonly sequence: number }
  | { readonly kind: "changes"; readonly rows: readonly MediaRow[]; readonly sequence: number }
  | { readonly kind: "presence"; readonly peers: readonly Peer[] }
  | { readonly kind: "heartbeat"; readonly sequence: number; readonly nowMs: number };

/** Both sides speak at least as often. */
export const SYNC_HEARTBEAT_MS = 15_000;
/** Without a word for so long, either side takes the other for gone. */
export const SYNC_DEAD_AFTER_MS = 45_000;
/** Pushes without an acknowledgement. */
export const SYNC_WINDOW = 8;

const CLIENT_ID = /^[A-Za-z0-9.:-]{1,64}$/;
const MAX_LABEL = 100;
const MAX_ACTIVITY = 200;

/** @throws AppError `invalid_argument` */
export function assertHello(hello: SyncHello): void {
  if (!CLIENT_ID.test(hello.clientId))
    throw new AppError(
      "invalid_argument",
      "A client id has 1 to 64 letters, digits, dots, colons and dashes.",
    );
  if (hello.label.length > MAX_LABEL)
    throw new AppError("invalid_argument", `A label has at most ${MAX_LABEL} characters.`);
  assertActivity(hello.activity);
}

/** @throws AppError `invalid_argument` */
export function assertActivity(activity: string): void {
  if (activity.length > MAX_ACTIVITY)
    throw new AppError("invalid_argument", `An activity has at most ${MAX_ACTIVITY} characters.`);
}
