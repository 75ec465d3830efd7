import { Worker } from "node:worker_threads";
import { abortReason, throwIfAborted } from "#kernel/cancellation.ts";
import { AppError, type ErrorBody, type ErrorCode, type Retry } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";

/** What a thread answers a message with; `id` is the message's. */
export type ThreadAnswer<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: ErrorBody & { readonly retry: Retry } };

interface Job<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** Threads it has cost so far. */
  deaths: number;
}

interface Slot<Task, Result> {
  readonly worker: Worker;
  readonly id: number;
  job: Job<Task, Result> | null;
  deadline: NodeJS.Timeout | undefined;
}

export interface ThreadPoolOptions<Task> {
  readonly entry: URL;
  readonly threads: number;
  /** What each thread is started with, its `workerData`. */
  readonly settings: unknown;
  /** A task as a message, with copies of the bytes that are moved to the thread: the caller's stay the caller's. */
  readonly pack: (task: Task) => { readonly message: object; readonly moved: ArrayBuffer[] };
  /** What a photographer reads. */
  readonly words: {
    readonly closed: string;
    readonly hung: string;
    readonly died: string;
    /** Of a task that has cost two threads. */
    readonly diedCode: ErrorCode;
  };
  /** Milliseconds after which a thread that does not answer is ended. */
  readonly deadlineMs: number;
  readonly logger: Logger;
}

/** A picture whose thread dies gets one more try, in case a neighbour was to blame. */
const MOST_DEATHS = 2;

/** Runs tasks in threads, one at a time in each. A thread that dies or hangs is replaced; the pool lives on. */
export class ThreadPool<Task, Result> {
  readonly #options: ThreadPoolOptions<Task>;
  readonly #slots = new Set<Slot<Task, Result>>();
  readonly #waiting: Job<Task, Result>[] = [];
  #nextId = 1;
  #closed = false;

  constructor(options: ThreadPoolOptions<Task>) {
    this.#options = options;
  }

  /**
   * @throws AppError as the task; `diedCode` when its threads died; `deadline_exceeded` when they hung; `aborted`.
   *   An abort takes a waiting task away; a running one ends in its thread and its result is dropped.
   */
  async run(task: Task, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<Result> {
    const { signal } = options;
    throwIfAborted(signal);
    if (this.#closed) throw new AppError("unavailable", this.#options.words.closed);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const job: Job<Task, Result> = { task, resolve, reject, deaths: 0 };
    const onAbort = () => {
      const at = this.#waiting.indexOf(job);
      if (at >= 0) this.#waiting.splice(at, 1);
      reject(abortReason(signal!));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(job);
    this.#dispatch();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Ends all threads; tasks under way fail with `unavailable`. */
  async close(): Promise<void> {
    this.#closed = true;
    const gone = new AppError("unavailable", this.#options.words.closed, { retry: "backoff" });
    for (const job of this.#waiting.splice(0)) job.reject(gone);
    await Promise.all(
      [...this.#slots].map(async (slot) => {
        clearTimeout(slot.deadline);
        slot.job?.reject(gone);
        slot.job = null;
        await slot.worker.terminate();
      }),
    );
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const slot = [...this.#slots].find(({ job }) => job === null) ?? this.#grow();
      if (!slot) return;
      this.#start(slot, this.#waiting.shift()!);
    }
  }

  #grow(): Slot<Task, Result> | null {
    if (this.#slots.size >= this.#options.threads) return null;
    const worker = new Worker(this.#options.entry, { workerData: this.#options.settings });
    const slot: Slot<Task, Result> = { worker, id: worker.threadId, job: null, deadline: undefined };
    this.#slots.add(slot);
    worker.on("message", (reply: ThreadAnswer<Result>) => this.#finish(slot, reply));
    worker.on("error", (error) => this.#bury(slot, "died", error));
    worker.on("exit", (code) => this.#bury(slot, "died", new Error(`exit code ${code}`)));
    return slot;
  }

  #start(slot: Slot<Task, Result>, job: Job<Task, Result>): void {
    slot.job = job;
    slot.worker.ref();
    slot.deadline = setTimeout(() => this.#bury(slot, "hung", null), this.#options.deadlineMs);
    const { message, moved } = this.#options.pack(job.task);
    slot.worker.postMessage({ ...message, id: this.#nextId++ }, moved);
  }

  #finish(slot: Slot<Task, Result>, reply: ThreadAnswer<Result>): void {
    clearTimeout(slot.deadline);
    const job = slot.job;
    slot.job = null;
    // An idle thread does not keep the program alive.
    slot.worker.unref();
    if (job && "error" in reply) {
      const { code, message, details, retry } = reply.error;
      job.reject(new AppError(code, message, { retry, ...(details ? { details } : {}) }));
    } else if (job && "result" in reply) job.resolve(reply.result);
    this.#dispatch();
  }

  #bury(slot: Slot<Task, Result>, how: "died" | "hung", cause: unknown): void {
    if (!this.#slots.delete(slot)) return;
    clearTimeout(slot.deadline);
    const job = slot.job;
    slot.job = null;
    if (how === "hung") void slot.worker.terminate();
    if (this.#closed) return;
    this.#options.logger.error(`thread.${how}`, { thread: slot.id, cause: String(cause) });
    if (job) this.#retryOrFail(job, how, cause);
    this.#dispatch();
  }

  #retryOrFail(job: Job<Task, Result>, how: "died" | "hung", cause: unknown): void {
    job.deaths += 1;
    const { words } = this.#options;
    if (how === "hung") job.reject(new AppError("deadline_exceeded", words.hung, { retry: "backoff" }));
    else if (job.deaths < MOST_DEATHS) this.#waiting.unshift(job);
    else job.reject(new AppError(words.diedCode, words.died, { cause }));
  }
}
