import type { ErrorCode } from "#kernel/errors.ts";

const NEXT: Partial<Record<ErrorCode, string>> = {
  "config.invalid": "All settings: docs/guides/settings.md. Try the same command with --help.",
  not_found: "Try the same command with --help.",
  invalid_argument: "Try the same command with --help.",
  "home.locked": "Try again later, or: platemark import DIR --home OTHER_FOLDER",
  unauthenticated: "Make a new token: PLATEMARK_TOKEN_SECRET=… platemark token",
  permission_denied:
    "Make a token for this user and bucket: PLATEMARK_TOKEN_SECRET=… platemark token --user NAME",
  unavailable: "Check that the server, Redis and the database run; then run the same command again.",
  "store.refused": "Check the store's keys and rights: platemark store init",
  "store.unreachable": "Check that the store runs; then run the same command again.",
  "file.unwritable": "Allow writing there, or name another place.",
  "disk.full": "Make room, and run the same command again.",
  internal: "Run the same command again with --log-level debug, and keep what it prints.",
};

/** The next thing to do about an error, when there is one. Pure. */
export function nextStep(code: ErrorCode): string | undefined {
  return NEXT[code];
}
