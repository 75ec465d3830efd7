import { Code, ConnectError, type ContextKey, createContextKey, type Interceptor } from "@connectrpc/connect";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { Cancelled, type CancelReason, isUnheard } from "#kernel/cancel-reason.ts";
import type { Clock } from "#kernel/clock.ts";
import { longestAnswerMs } from "./longest-answer.ts";

/** Hears of each call that was ended from outside, once; never of one that had its answer. */
export interface CancellationObserver {
  cancelled(method: string, reason: CancelReason): void;
}

export const UNOBSERVED: CancellationObserver = { cancelled() {} };

/** Set where a call's signal is a `Cancelled`'s already, and counted. */
export const cancellationKey: ContextKey<boolean> = createContextKey(false);

/** A client with a deadline keeps it too, and takes the call back when it passes: a little before our own does. */
const DEADLINE_GRACE_MS = 250;

/**
 * Gives every handler a signal whose reason is a `Cancelled`, and ends the call with it at once: connect-es leaves a
 * handler that reads messages, or awaits something else, unaware of a deadline or of a server that stops. A handler that
 * goes on regardless speaks to nobody.
 */
export function cancellation(observer: CancellationObserver, clock: Clock): Interceptor {
  return (next) => async (request) => {
    if (request.contextValues.get(cancellationKey)) return next(request);
    const method = `${request.service.typeName}/${request.method.name}`;
    const longestMs = longestAnswerMs(request.method);
    const deadlineMs = clock.now() + Math.min(timeoutOf(request.header), longestMs);
    const call = new CallEnd(request.signal, (reason) => {
      const told = orDeadline(reason, deadlineMs - clock.now());
      observer.cancelled(method, told.reason);
      return told;
    });
    // The caller's own deadline is connect-es's to keep.
    if (Number.isFinite(longestMs)) call.limit(longestMs, clock);
    const told = { ...request, signal: call.signal };
    const running = next(
      told.stream ? { ...told, message: interruptible(told.message, call, { last: false }) } : told,
    );
    const response = await call.answer(running);
    if (response.stream)
      return { ...response, message: interruptible(response.message, call, { last: true }) };
    call.finish();
    return response;
  };
}

/** What a cancellation is taken for with `leftMs` to the deadline. */
export function orDeadline(cancelled: Cancelled, leftMs: number): Cancelled {
  return leftMs <= DEADLINE_GRACE_MS && isUnheard(cancelled.reason) ? new Cancelled("deadline") : cancelled;
}

/** One call's end, whichever comes first: its answer, or a reason from outside. */
class CallEnd {
  readonly #controller = new AbortController();
  readonly #source: AbortSignal;
  readonly #settle: (reason: Cancelled) => Cancelled;
  /** Reject what is waited for. One promise that everything races against would keep each of its answers alive for as
   *  long as the call lasts: a stream's every message. */
  readonly #waiting = new Set<(reason: Cancelled) => void>();
  #cancelled: Cancelled | null = null;
  readonly #over = new AbortController();

  /** @param settle Hears of a cancellation, and says what it is taken for. */
  constructor(source: AbortSignal, settle: (reason: Cancelled) => Cancelled) {
    this.#source = source;
    this.#settle = settle;
    if (source.aborted) this.#cancel();
    else source.addEventListener("abort", this.#cancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call after so long. */
  limit(ms: number, clock: Clock): void {
    clock.sleep(ms, { signal: this.#over.signal }).then(
      () => this.#end(new Cancelled("deadline")),
      () => {},
    );
  }

  async orCancelled<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    work.then(resolve, reject);
    if (this.#cancelled) reject(this.#cancelled);
    this.#waiting.add(reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }

  /** The same for what the answer is made of: a failure of the handler's own ends the call. */
  answer<T>(work: Promise<T>): Promise<T> {
    return this.orCancelled(
      work.catch((error: unknown) => {
        this.finish();
        throw error;
      }),
    );
  }

  /** The answer is complete; whatever aborts now is no cancellation. */
  finish(): void {
    this.#over.abort();
    this.#source.removeEventListener("abort", this.#cancel);
  }

  readonly #cancel = (): void => this.#end(cancelledBy(this.#source.reason));

  #end(cancelled: Cancelled): void {
    if (this.#over.signal.aborted) return;
    this.finish();
    const reason = this.#settle(cancelled);
    this.#controller.abort(reason);
    this.#cancelled = reason;
    for (const reject of this.#waiting) reject(reason);
  }
}

/** The messages, cut off when the call is. `last`: with them the call has had its answer. */
async function* interruptible<T>(
  messages: AsyncIterable<T>,
  call: CallEnd,
  { last }: { readonly last: boolean },
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let open = true;
  try {
    for (;;) {
      const next = iterator.next();
      const result = await (last ? call.answer(next) : call.orCancelled(next));
      if (result.done) {
        open = false;
        if (last) call.finish();
        // Some clients end their messages before they take the call back, in one breath: that is no whole request.
        else await call.orCancelled(turn());
        return;
      }
      yield result.value;
    }
  } finally {
    // Not awaited: a generator that is amid a step answers only after it.
    if (open) iterator.return?.()?.catch(() => {});
  }
}

/** Lets what has come with the same packet be seen. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** connect-es aborts with its own errors for a deadline, and with none where the answer could not be written. */
function cancelledBy(reason: unknown): Cancelled {
  if (reason instanceof Cancelled) return reason;
  if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded)
    return new Cancelled("deadline");
  return new Cancelled("client_gone");
}

/** Milliseconds; none: endless. What is malformed, connect-es has refused. */
function timeoutOf(header: Headers): number {
  const grpc = parseGrpcTimeout(header.get("grpc-timeout"), Number.MAX_SAFE_INTEGER);
  const connect = parseConnectTimeout(header.get("connect-timeout-ms"), Number.MAX_SAFE_INTEGER);
  return grpc.timeoutMs ?? connect.timeoutMs ?? Number.POSITIVE_INFINITY;
}
