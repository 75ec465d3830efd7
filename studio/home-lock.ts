import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";

/** Milliseconds between two tries. */
const POLL_MS = 250;

export interface HomeLockOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Waits for the other process; else it is an error. */
  readonly wait: boolean;
  /** Told once when there is somebody to wait for. `pid`: `null` when it did not leave its number. */
  readonly onWait?: ((pid: number | null) => void) | undefined;
}

/**
 * One process at a time works in a home folder. The lock is an open SQLite transaction, which the operating system
 * gives up with the process, however that ends; the number beside it is for messages only.
 * @throws AppError `home.locked`, `aborted`.
 */
export async function lockHome(
  home: string,
  { clock, signal, wait, onWait }: HomeLockOptions,
): Promise<Disposable> {
  for (let tries = 0; ; tries++) {
    const lock = tryLock(home);
    if (lock) return lock;
    const pid = holder(home);
    if (!wait)
      throw new AppError(
        "home.locked",
        `Another Platemark (process ${pid ?? "unknown"}) is at work in ${home}. Wait for it, or name another home folder with --home.`,
      );
    if (tries === 0) onWait?.(pid);
    await clock.sleep(POLL_MS, { signal });
  }
}

function tryLock(home: string): Disposable | null {
  const database = new DatabaseSync(join(home, "lock.sqlite"), { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return null;
    throw new AppError(
      "config.invalid",
      `The home folder ${home} cannot be written. Allow it, or name another.`,
      {
        cause: error,
      },
    );
  }
  writeFileSync(join(home, "lock.json"), `${JSON.stringify({ pid: process.pid })}\n`);
  return { [Symbol.dispose]: () => database.close() };
}

function holder(home: string): number | null {
  try {
    const { pid } = JSON.parse(readFileSync(join(home, "lock.json"), "utf8")) as { pid?: unknown };
    return typeof pid === "number" ? pid : null;
  } catch {
    return null;
  }
}
