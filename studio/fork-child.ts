import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { ChildEntry, SpawnChild } from "./ports/child-process.ts";

const ENTRIES: Readonly<Record<ChildEntry, string>> = {
  worker: "../server/workers/worker-main.ts",
  previews: "../server/workers/previews-main.ts",
};

/** Pictures are decoded in this pool, a core each, beside files that are read. It must be set before the process starts. */
const THREADS = String(Math.max(4, availableParallelism() + 2));

/** Starts our programs as Node processes of their own. What they print goes to our standard error; settings reach them
 *  by message alone. @param tempFolder where they may put temporary files; exists. */
export function createForkChild(tempFolder: string): SpawnChild {
  return (entry) => {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PLATEMARK_"));
    const child = fork(fileURLToPath(new URL(ENTRIES[entry], import.meta.url)), [], {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc"],
      env: {
        UV_THREADPOOL_SIZE: THREADS,
        ...Object.fromEntries(inherited),
        TMPDIR: tempFolder,
        TEMP: tempFolder,
        TMP: tempFolder,
      },
      // Ctrl-C on a terminal is for us alone; a child whose parent is gone ends by itself.
      detached: process.platform !== "win32",
    });
    // A fork that fails, and a message to a child that has just ended, show in the exit.
    child.on("error", () => {});
    let asked = false;
    return {
      pid: child.pid,
      postMessage: (message) => {
        if (child.connected) child.send(message as object, () => {});
      },
      onMessage: (listener) => void child.on("message", listener),
      onExit: (listener) => {
        child.once("exit", (code) => listener(code));
        if (child.pid === undefined) child.once("error", () => listener(null));
      },
      kill: () => {
        child.kill(asked ? "SIGKILL" : "SIGTERM");
        asked = true;
      },
    };
  };
}
