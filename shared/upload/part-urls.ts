import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { PlannedPart } from "./part-planner.ts";
import type { PartSigner, SignedRequest } from "./ports.ts";

/** A URL with less than this left is renewed before it is used. Milliseconds. */
const MARGIN_MS = 10_000;
/** Parts signed in one call: enough for all that run at once, few enough that none expires in the queue. */
const LOT = 16;

export interface PartUrlsDeps {
  readonly signer: PartSigner;
  readonly clock: Pick<Clock, "now">;
}

/** True when the server would call it expired soon. `offsetMs`: server's clock minus ours. Pure. */
export function isStale(request: SignedRequest, nowMs: number, offsetMs: number): boolean {
  return request.expiresAtMs - (nowMs + offsetMs) < MARGIN_MS;
}

/** Signed part requests, asked for in lots as they are needed, and renewed when they get old. */
export class PartUrls {
  readonly #deps: PartUrlsDeps;
  readonly #todo: readonly PlannedPart[];
  readonly #clockOffsetMs: number;
  readonly #signed = new Map<number, SignedRequest>();
  #signing: Promise<void> = Promise.resolve();

  /** @param todo the parts still to send, in order. */
  constructor(deps: PartUrlsDeps, todo: readonly PlannedPart[], clockOffsetMs: number) {
    this.#deps = deps;
    this.#todo = todo;
    this.#clockOffsetMs = clockOffsetMs;
  }

  /** The request for `todo[place]`. @throws what the signer throws. */
  async get(place: number, { signal }: { readonly signal: AbortSignal }): Promise<SignedRequest> {
    const part = this.#todo[place]!;
    const ready = this.#fresh(part.partNumber);
    if (ready) return ready;
    const turn = this.#signing.then(async () => {
      if (!this.#fresh(part.partNumber)) await this.#sign(place, signal);
    });
    this.#signing = turn.catch(() => {});
    await turn;
    const signed = this.#signed.get(part.partNumber);
    if (!signed) throw new AppError("internal", "The server did not sign a part that it was asked to sign.");
    return signed;
  }

  /** Forgets the URL of a part: the store calls it expired. */
  drop(partNumber: number): void {
    this.#signed.delete(partNumber);
  }

  #fresh(partNumber: number): SignedRequest | undefined {
    const request = this.#signed.get(partNumber);
    return request && !isStale(request, this.#deps.clock.now(), this.#clockOffsetMs) ? request : undefined;
  }

  async #sign(place: number, signal: AbortSignal): Promise<void> {
    const lot = this.#todo.slice(place, place + LOT).filter((part) => !this.#fresh(part.partNumber));
    const requests = await this.#deps.signer.sign(
      lot.map(({ partNumber, start, end }) => ({ partNumber, size: end - start })),
      { signal },
    );
    for (const request of requests) this.#signed.set(request.partNumber, request);
  }
}
