import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const LAUNCHER = fileURLToPath(new URL("../../bin/platemark.mjs", import.meta.url));

export interface CliEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON lines of `--json`. */
  readonly events: readonly CliEvent[];
  /** `state` of each picture line, by file. */
  readonly pictures: Readonly<Record<string, string>>;
}

export interface RunningCli {
  readonly process: ChildProcess;
  readonly finished: Promise<CliResult>;
  /** Resolves with the match when the output so far matches. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A folder of its own for pictures, homes and whatever else a test of the command line needs. */
export class CliWorld implements AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  readonly pictures: string;
  readonly #children = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, "home");
    this.pictures = join(folder, "pictures");
  }

  static async make(): Promise<CliWorld> {
    const world = new CliWorld(await mkdtemp(join(tmpdir(), "platemark-cli-")));
    await mkdir(world.pictures);
    return world;
  }

  /** Writes JPEGs that all differ. */
  async addPictures(names: readonly string[]): Promise<void> {
    for (const name of names) await this.addFile(name, await picture(name));
  }

  async addFile(name: string, body: Uint8Array | string): Promise<void> {
    await mkdir(join(this.pictures, name, ".."), { recursive: true });
    await writeFile(join(this.pictures, name), body);
  }

  /**
   * Starts the command in a process group of its own, so that all of it can be killed.
   * @param wrapper what starts it, for example with another disk
   */
  start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    wrapper: readonly string[] = [],
  ): RunningCli {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PLATEMARK_|NODE_(?!COMPILE_CACHE)|VITEST)/.test(name),
    );
    const [command, ...rest] = [...wrapper, process.execPath, LAUNCHER, ...args];
    const child = spawn(command!, rest, {
      detached: true,
      env: { ...Object.fromEntries(inherited), PLATEMARK_HOME: this.home, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const finished = new Promise<CliResult>((resolve) =>
      child.on("close", (code) => {
        this.#children.delete(child);
        resolve({ code, stdout, stderr, ...parse(stdout) });
      }),
    );
    const seen = (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(stdout + stderr);
          if (!match) return;
          child.stdout!.off("data", look);
          child.stderr!.off("data", look);
          resolve(match);
        };
        child.stdout!.on("data", look);
        child.stderr!.on("data", look);
        child.on("close", () =>
          reject(new Error(`It ended without saying ${pattern}:\n${stdout}\n${stderr}`)),
        );
        look();
      });
    return { process: child, finished, seen };
  }

  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CliResult> {
    return this.start(args, environment).finished;
  }

  importPictures(...args: readonly string[]): Promise<CliResult> {
    return this.run(["import", this.pictures, "--json", ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) killGroup(child);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** `kill -9` of a command: launcher and core. Its workers notice, and end by themselves. */
export function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

let made: Promise<Buffer> | undefined;

/** A small JPEG; `label` makes it one of its kind. */
export async function picture(label: string): Promise<Buffer> {
  made ??= sharp({ create: { width: 96, height: 64, channels: 3, background: "#345678" } })
    .jpeg()
    .toBuffer();
  const base = await made;
  const text = Buffer.from(label);
  const comment = Buffer.from([0xff, 0xfe, (text.length + 2) >> 8, (text.length + 2) & 255]);
  return Buffer.concat([base.subarray(0, 2), comment, text, base.subarray(2)]);
}

function parse(stdout: string): Pick<CliResult, "events" | "pictures"> {
  const lines = stdout.split("\n").filter((line) => line.startsWith('{"event":'));
  const events = lines.map((line) => JSON.parse(line) as CliEvent);
  const pictures = events.filter(({ event }) => event === "picture");
  return { events, pictures: Object.fromEntries(pictures.map(({ file, state }) => [file, String(state)])) };
}
