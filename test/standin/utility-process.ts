import { type ChildProcess, fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { basename } from "node:path";
import type { MessagePortMain, Wire } from "./message-ports.ts";

/** Other programs in place of built ones, by bundle name: how a test runs the bundles around a core of its own. */
const replacements: Record<string, string> = JSON.parse(process.env.PLATEMARK_STANDIN_PROGRAMS ?? "{}");

/** Electron's `UtilityProcess` over a process that Node forks. */
class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #ports = new Map<number, MessagePortMain>();
  #lastPort = 0;

  constructor(modulePath: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    super();
    this.#child = fork(replacements[basename(modulePath)] ?? modulePath, [...args], {
      execArgv: ["--import", import.meta.resolve("./utility-shim.ts")],
      serialization: "advanced",
      env,
    });
    this.#child.on("spawn", () => this.emit("spawn"));
    this.#child.on("message", (wire: Wire) => {
      if (wire.kind === "message") this.emit("message", wire.data);
      else this.#ports.get(wire.id)?.peer?.deliver(wire.data);
    });
    this.#child.on("exit", (code) => {
      for (const port of this.#ports.values()) port.close();
      this.emit("exit", code ?? -1);
    });
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  postMessage(data: unknown, transfer: readonly MessagePortMain[] = []): void {
    const ports = transfer.map((port) => {
      const id = ++this.#lastPort;
      this.#ports.set(id, port);
      return { id, port };
    });
    this.#send({ kind: "message", data, ports: ports.map(({ id }) => id) });
    for (const { id, port } of ports) port.transfer((data) => this.#send({ kind: "port", id, data }));
  }

  kill(): boolean {
    return this.#child.kill();
  }

  /** What happens to utility processes that are left when the program ends. */
  end(): void {
    this.#child.kill("SIGKILL");
  }

  #send(wire: Wire): void {
    if (this.#child.connected) this.#child.send(wire);
  }
}

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv;
}
const running = new Map<UtilityProcess, string>();

export const utilityProcess = {
  fork(modulePath: string, args: readonly string[] = [], { env = process.env }: ForkOptions = {}) {
    const child = new UtilityProcess(modulePath, args, env);
    running.set(child, basename(modulePath));
    child.once("exit", () => running.delete(child));
    return child;
  },
};

export function endUtilities(): void {
  for (const child of running.keys()) child.end();
}

/** Process ids by bundle name, for tests that kill one. */
export function utilityPids(): Record<string, number> {
  return Object.fromEntries([...running].flatMap(([child, name]) => (child.pid ? [[name, child.pid]] : [])));
}
