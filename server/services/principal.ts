import type { Caller } from "./caller.ts";

/** Who calls, and what for: a caller with what their token says beside it. */
export interface Principal extends Caller {
  /** What they may do, in the words of `MethodPolicy` (options.proto). */
  readonly scopes: ReadonlySet<string>;
  /** Set for a token that may be used once for each method. */
  readonly oneUse: OneUse | null;
}

export interface OneUse {
  /** The token's own name, unique for its user. Not the token. */
  readonly id: string;
  /** When the token is void anyway. */
  readonly expiresAtMs: number;
}

export const ADMIN_SCOPE = "admin";

/** What a token without a `scope` claim may do: all that a studio's user does, and nothing of an operator's. */
export const USER_SCOPES: readonly string[] = [
  "media.read",
  "media.write",
  "templates.read",
  "templates.write",
  "uploads.write",
];

export const ALL_SCOPES: readonly string[] = [...USER_SCOPES, ADMIN_SCOPE];
