/** A program of ours in a process of its own: forked by Node, or a utility process in Electron. */
export interface ChildProcessHandle {
  readonly pid: number | undefined;
  /** Structured clone; no functions. */
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once. `code` is `null` when a signal ended it. */
  onExit(listener: (code: number | null) => void): void;
  kill(): void;
}

/** `worker` marks pictures from the queue; `previews` renders thumbnails and previews on request. */
export type ChildEntry = "worker" | "previews";

export type SpawnChild = (entry: ChildEntry) => ChildProcessHandle;
