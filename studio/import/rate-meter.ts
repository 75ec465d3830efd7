import type { Clock } from "#kernel/clock.ts";

/** Seconds that a rate looks back. */
const WINDOW_MS = 10_000;
/** How often a point is kept. */
const STEP_MS = 500;

/** A rate over the last ten seconds, from a growing total. */
export class RateMeter {
  readonly #clock: Pick<Clock, "now">;
  readonly #points: { readonly atMs: number; readonly total: number }[] = [];
  #total = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#points.push({ atMs: clock.now(), total: 0 });
  }

  get total(): number {
    return this.#total;
  }

  add(amount: number): void {
    this.#total += amount;
    const now = this.#clock.now();
    if (now - this.#points.at(-1)!.atMs < STEP_MS) return;
    this.#points.push({ atMs: now, total: this.#total });
    while (this.#points.length > 2 && now - this.#points[1]!.atMs >= WINDOW_MS) this.#points.shift();
  }

  perSecond(): number {
    const first = this.#points[0]!;
    const seconds = (this.#clock.now() - first.atMs) / 1_000;
    return seconds <= 0 ? 0 : Math.max(0, this.#total - first.total) / seconds;
  }
}
