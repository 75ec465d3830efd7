import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { real } from "./real-components.ts";

/** A real Envoy on a configuration of ours. */
export interface RunningEnvoy extends AsyncDisposable {
  readonly admin: string;
  /** What it has written to its log. */
  readonly log: () => string;
  /** At once, as a machine that goes dark. */
  kill(): Promise<void>;
}

/** Starts it, and waits until it answers for itself. `bootstrap` must have its admin pages at `adminPort`. */
export async function startEnvoy(bootstrap: string, adminPort: number): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-envoy-test-"));
  const file = join(folder, "envoy.json");
  await writeFile(file, bootstrap);
  const child: ChildProcess = spawn(
    real("envoy")!,
    ["-c", file, "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning", "--drain-time-s", "1"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    log = (log + chunk).slice(-100_000);
  });
  const admin = `http://127.0.0.1:${adminPort}`;
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await vi.waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`Envoy ended: ${log}`);
        const { status } = await fetch(`${admin}/ready`);
        if (status !== 200) throw new Error(`Envoy is not ready: ${log}`);
      },
      { timeout: 20_000, interval: 50 },
    );
  } catch (error) {
    await kill();
    throw error;
  }
  return { admin, log: () => log, kill, [Symbol.asyncDispose]: kill };
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
