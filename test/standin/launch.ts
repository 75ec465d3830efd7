import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Commands } from "./control.ts";

export interface LaunchOptions {
  /** The folder with main, preload and renderer. */
  readonly out: string;
  /** The home folder; one of its own by default. */
  readonly home?: string;
  /** Source files in place of built programs, by bundle name. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** The desktop program, running on the stand-in. */
export class StandInApp implements AsyncDisposable {
  readonly home: string;
  output = "";
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ownHome: boolean;
  #lastId = 0;

  private constructor(process: ChildProcess, home: string, ownHome: boolean) {
    this.#process = process;
    this.home = home;
    this.#ownHome = ownHome;
    for (const stream of [process.stdout!, process.stderr!])
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    this.#exited = once(process, "exit").then(([code]) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`The program ended with ${code}:\n${this.output}`));
      return code as number | null;
    });
    process.on("message", (message: { id?: number; ok?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(message.id ?? 0);
      if (message.error === undefined) waiting?.resolve(message.ok);
      else waiting?.reject(new Error(message.error));
    });
  }

  /** Resolves when the program's first window has loaded, or rejects with what it said when it ended before. */
  static async launch({ out, home, programs = {} }: LaunchOptions): Promise<StandInApp> {
    const folder = home ?? (await mkdtemp(join(tmpdir(), "platemark-standin-")));
    const process_ = fork(fileURLToPath(new URL("./run.ts", import.meta.url)), [join(out, "main/index.js")], {
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, PLATEMARK_HOME: folder, PLATEMARK_STANDIN_PROGRAMS: JSON.stringify(programs) },
    });
    const app = new StandInApp(process_, folder, home === undefined);
    const ready = Promise.withResolvers<unknown>();
    app.#waiting.set(0, ready);
    await ready.promise;
    app.#waiting.delete(0);
    await app.waitFor("window.platemark !== undefined && document.readyState === 'complete'");
    return app;
  }

  command<Name extends keyof Commands>(
    name: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#process.send({ id, name, args });
    return waiting.promise.finally(() => this.#waiting.delete(id)) as Promise<
      Awaited<ReturnType<Commands[Name]>>
    >;
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.command("evaluate", expression) as Promise<T>;
  }

  waitFor(expression: string): Promise<void> {
    return this.command("waitFor", expression);
  }

  /** Calls a channel from the page, as the window would. */
  call(channel: string, request: unknown): Promise<unknown> {
    return this.evaluate(`window.platemark.call(${JSON.stringify(channel)}, ${JSON.stringify(request)})`);
  }

  /** The exit status, when the program has ended. */
  exit(): Promise<number | null> {
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill("SIGTERM");
    await this.#exited;
    if (this.#ownHome) await rm(this.home, { recursive: true, force: true });
  }
}
