import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { WorkerProcess } from "./worker-supervisor.ts";

/** Pictures are decoded in this pool, a core each, beside files that are read. It must be set before the process starts. */
const THREADS = String(Math.max(4, availableParallelism() + 2));

/** Forks a program of ours by Node, with an IPC channel that carries structured clones. Its output goes to standard
 *  error, so that standard output stays the parent's. */
export function forkWorker(program: URL): WorkerProcess {
  const child = fork(program, [], {
    serialization: "advanced",
    stdio: ["ignore", 2, 2, "ipc"],
    env: { UV_THREADPOOL_SIZE: THREADS, ...process.env },
  });
  // A fork that fails, and a message to a child that has just ended, show in the exit; unheard they would be thrown.
  child.on("error", () => {});
  let asked = false;
  return {
    pid: child.pid,
    postMessage: (message) => {
      if (child.connected) child.send(message as object);
    },
    onMessage: (listener) => void child.on("message", listener),
    onExit: (listener) => {
      let told = false;
      const tell = (code: number | null) => {
        if (told) return;
        told = true;
        listener(code);
      };
      child.once("exit", tell);
      child.once("error", () => {
        if (child.pid === undefined) tell(null);
      });
    },
    kill: () => {
      child.kill(asked ? "SIGKILL" : "SIGTERM");
      asked = true;
    },
  };
}
