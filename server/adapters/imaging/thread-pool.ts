import { Worker } from "node:worker_threads";
import type { NotExact } from "#imaging/jpeg/not-exact.ts";
import { abortReason, throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import type {
  ThreadReply,
  ThreadRequest,
  ThreadResult,
  ThreadSettings,
  ThreadTask,
} from "./thread-messages.ts";

interface Job {
  readonly task: ThreadTask;
  readonly resolve: (result: ThreadResult | NotExact) => void;
  readonly reject: (error: unknown) => void;
  /** Threads it has cost so far. */
  deaths: number;
}

interface Slot {
  readonly worker: Worker;
  readonly id: number;
  job: Job | null;
  deadline: NodeJS.Timeout | undefined;
}

export interface ThreadPoolOptions {
  readonly entry: URL;
  readonly threads: number;
  readonly settings: ThreadSettings;
  /** Milliseconds after which a thread that does not answer is ended. */
  readonly deadlineMs: number;
  readonly logger: Logger;
}

/** A picture whose thread dies gets one more try, in case a neighbour was to blame. */
const MOST_DEATHS = 2;

/** Runs tasks in threads, one at a time in each. A thread that dies or hangs is replaced; the pool lives on. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Job[] = [];
  #nextId = 1;
  #closed = false;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /**
   * @throws AppError as the task; `mark.failed` when its threads died; `deadline_exceeded` when they hung; `aborted`.
   *   An abort takes a waiting task away; a running one ends in its thread and its result is dropped.
   */
  async run(
    task: ThreadTask,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ThreadResult | NotExact> {
    const { signal } = options;
    throwIfAborted(signal);
    if (this.#closed) throw new AppError("unavailable", "The marker has been closed.");
    const { promise, resolve, reject } = Promise.withResolvers<ThreadResult | NotExact>();
    const job: Job = { task, resolve, reject, deaths: 0 };
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
    const gone = new AppError("unavailable", "The marker has been closed.", { retry: "backoff" });
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

  #grow(): Slot | null {
    if (this.#slots.size >= this.#options.threads) return null;
    const worker = new Worker(this.#options.entry, { workerData: this.#options.settings });
    const slot: Slot = { worker, id: worker.threadId, job: null, deadline: undefined };
    this.#slots.add(slot);
    worker.on("message", (reply: ThreadReply) => this.#finish(slot, reply));
    worker.on("error", (error) => this.#bury(slot, "died", error));
    worker.on("exit", (code) => this.#bury(slot, "died", new Error(`exit code ${code}`)));
    return slot;
  }

  #start(slot: Slot, job: Job): void {
    slot.job = job;
    slot.worker.ref();
    slot.deadline = setTimeout(() => this.#bury(slot, "hung", null), this.#options.deadlineMs);
    const input = new Uint8Array(job.task.input);
    const request: ThreadRequest = { ...job.task, input, id: this.#nextId++ };
    slot.worker.postMessage(request, [input.buffer]);
  }

  #finish(slot: Slot, reply: ThreadReply): void {
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

  #bury(slot: Slot, how: "died" | "hung", cause: unknown): void {
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

  #retryOrFail(job: Job, how: "died" | "hung", cause: unknown): void {
    job.deaths += 1;
    if (how === "hung")
      job.reject(
        new AppError("deadline_exceeded", "This picture took too long to mark. It is tried again later.", {
          retry: "backoff",
        }),
      );
    else if (job.deaths < MOST_DEATHS) this.#waiting.unshift(job);
    else
      job.reject(
        new AppError(
          "mark.failed",
          "This picture stopped the program that marks it, twice. Export it again.",
          {
            cause,
          },
        ),
      );
  }
}
