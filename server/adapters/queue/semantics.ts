/** What every queue adapter keeps to. */

/** How long a key stays the same job, from its enqueueing on (spec.md S13). */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** One delivery and three retries. */
export const DEFAULT_MAX_ATTEMPTS = 4;
/** The error of a dead letter whose last delivery ended neither in ack nor in retry. */
export const LEASES_USED_UP = "Its worker stopped answering, and its deliveries are used up.";
