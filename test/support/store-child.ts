import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { StoreClient } from "./embedded-store.ts";

/** A store in a process of its own, which can be killed. */
export interface StoreChild {
  readonly client: StoreClient;
  /** Resolves with the number of leftover files when they have been removed. */
  readonly swept: Promise<number>;
  readonly pid: number;
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/** `wrapper`: a command that the store is started by, as its last arguments. */
export async function startStoreChild(dataDir: string, wrapper: readonly string[] = []): Promise<StoreChild> {
  const script = fileURLToPath(new URL("store-process.ts", import.meta.url));
  const [command, ...args] = [...wrapper, process.execPath, script, dataDir];
  const child: ChildProcess = spawn(command!, args, { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout! });
  const swept = new Promise<number>((resolve) => {
    lines.on("line", (line) => {
      if (line.startsWith("swept ")) resolve(Number(line.slice(6)));
    });
  });
  const origin = await new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      if (line.startsWith("http")) resolve(line);
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`The store ended with ${code}: ${complaints.slice(0, 500)}`)),
    );
  });
  return {
    client: new StoreClient(origin),
    swept,
    pid: child.pid!,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}
