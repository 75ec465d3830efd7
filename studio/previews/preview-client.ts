import { z } from "zod";
import { abortReason } from "#kernel/cancellation.ts";
import { AppError, isErrorCode } from "#kernel/errors.ts";
import type { ChildProcessHandle, SpawnChild } from "../ports/child-process.ts";

/** Milliseconds for one preview; a child that takes longer is replaced. */
const TIMEOUT_MS = 60_000;
/** Requests that the child has in hand at once; the others wait here, where they can be cancelled. */
const AT_ONCE = 4;

export type PreviewSource = { readonly path: string } | { readonly url: string };

const answerSchema = z.union([
  z.object({ type: z.literal("preview"), id: z.number(), body: z.instanceof(Uint8Array) }),
  z.object({
    type: z.literal("error"),
    id: z.number(),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
]);

interface Wanted {
  readonly id: number;
  readonly source: PreviewSource;
  readonly maxSide: number;
  readonly resolve: (body: Uint8Array) => void;
  readonly reject: (error: AppError) => void;
}

/** Has previews rendered by a child process, which is started when it is first needed and again when it has died. */
export class PreviewClient implements Disposable {
  readonly #spawn: SpawnChild;
  #child: ChildProcessHandle | undefined;
  #nextId = 1;
  #waiting: Wanted[] = [];
  readonly #inHand = new Map<number, { readonly wanted: Wanted; readonly timer: NodeJS.Timeout }>();

  constructor(spawnChild: SpawnChild) {
    this.#spawn = spawnChild;
  }

  /** A WebP, its longest side at most `maxSide` pixels.
   *  @throws AppError `picture.*` for what cannot be shown, `unavailable` when the child died, `aborted`. */
  render(
    source: PreviewSource,
    { maxSide, signal }: { readonly maxSide: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal));
      const settled = () => signal.removeEventListener("abort", stop);
      const wanted: Wanted = {
        id: this.#nextId++,
        source,
        maxSide,
        resolve: (body) => {
          settled();
          resolve(body);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      const stop = () => {
        this.#waiting = this.#waiting.filter((other) => other !== wanted);
        if (this.#inHand.has(wanted.id)) this.#child?.postMessage({ type: "cancel", id: wanted.id });
        reject(abortReason(signal));
      };
      signal.addEventListener("abort", stop, { once: true });
      // The latest first: it is what a person looks at now.
      this.#waiting.push(wanted);
      this.#send();
    });
  }

  [Symbol.dispose](): void {
    const child = this.#child;
    this.#child = undefined;
    child?.kill();
    this.#failAll(new AppError("aborted", "The previews were stopped."));
  }

  #send(): void {
    while (this.#inHand.size < AT_ONCE) {
      const wanted = this.#waiting.pop();
      if (!wanted) return;
      const child = this.#alive();
      const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
      timer.unref();
      this.#inHand.set(wanted.id, { wanted, timer });
      const { id, source, maxSide } = wanted;
      child.postMessage({ type: "preview", id, source, maxSide });
    }
  }

  #alive(): ChildProcessHandle {
    if (this.#child) return this.#child;
    const child = this.#spawn("previews");
    this.#child = child;
    child.onMessage((message) => this.#answered(message));
    child.onExit(() => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#failAll(
        new AppError(
          "unavailable",
          "The preview could not be made. It is tried again when it is shown again.",
          {
            retry: "backoff",
          },
        ),
      );
    });
    return child;
  }

  #answered(message: unknown): void {
    const parsed = answerSchema.safeParse(message);
    if (!parsed.success) return;
    const answer = parsed.data;
    const entry = this.#inHand.get(answer.id);
    if (!entry) return;
    this.#inHand.delete(answer.id);
    clearTimeout(entry.timer);
    if (answer.type === "preview") entry.wanted.resolve(answer.body);
    else {
      const { code, message } = answer.error;
      entry.wanted.reject(new AppError(isErrorCode(code) ? code : "picture.unsupported", message));
    }
    this.#send();
  }

  #failAll(error: AppError): void {
    const inHand = [...this.#inHand.values()];
    this.#inHand.clear();
    for (const { wanted, timer } of inHand) {
      clearTimeout(timer);
      wanted.reject(error);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wanted of waiting) wanted.reject(error);
  }
}
