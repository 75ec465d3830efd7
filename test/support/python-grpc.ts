import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { real } from "./real-components.ts";

const PROGRAM = fileURLToPath(new URL("./grpc_calls.py", import.meta.url));

/** Python's gRPC client (grpcio) on one method. */
export interface PythonGrpc extends AsyncDisposable {
  /** `ok HEX`, or `failed STATUS DETAILS`. */
  call(kind?: "unary" | "stream"): Promise<string>;
}

export function pythonGrpc(
  target: string,
  method: string,
  environment: Readonly<Record<string, string>> = {},
): PythonGrpc {
  const child = spawn(real("python")!, [PROGRAM, target, method], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, ...environment, GRPC_VERBOSITY: "NONE" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call(kind = "unary") {
      child.stdin.write(`${kind}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("Python's client has ended.");
      return value;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
