export type ClientKind = "desktop" | "page" | "program";

/** One of a user's clients that is connected now. */
export interface Peer {
  readonly clientId: string;
  readonly kind: ClientKind;
  /** As the client calls itself. */
  readonly label: string;
  /** What its user is doing; empty: nothing to speak of. */
  readonly activity: string;
  readonly sinceMs: number;
}

/** Who is there, by user. Says nothing of the past, and is allowed to forget everything with the process. Disposing it
 *  takes away what it has put down. */
export interface PresenceBoard extends AsyncDisposable {
  /** Puts a client down, or what has changed about it. */
  put(user: string, peer: Peer): void;
  remove(user: string, clientId: string): void;
  /** Longest there first. */
  peers(user: string): readonly Peer[];
  /** Calls `changed` after every change among the user's clients, until disposed. */
  watch(user: string, changed: () => void): Disposable;
}
