import { readdirSync, readFileSync } from "node:fs";

export interface ProcessUse {
  readonly pid: number;
  /** The words of its command line that say what it is. */
  readonly role: string;
  cpuSeconds: number;
  peakRssMiB: number;
}

const TICKS_PER_SECOND = 100;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function childrenOf(pids: ReadonlySet<number>): Set<number> {
  const found = new Set(pids);
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      parent: Number(/\) \S (\d+)/.exec(read(`/proc/${name}/stat`))?.[1] ?? 0),
    }));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of parents) if (found.has(parent)) found.add(pid);
  }
  return found;
}

function role(pid: number): string {
  const words = read(`/proc/${pid}/cmdline`).split("\0").filter(Boolean);
  const script = words.find((word) => /\.(ts|mjs|js)$/.test(word)) ?? words[0] ?? "?";
  return script.split("/").slice(-2).join("/");
}

/**
 * Follows a process and its children (Linux, /proc), because their figures are gone with them.
 * Peak memory is the kernel's own high-water mark (VmHWM), CPU is user + system.
 */
export class ProcessTree {
  readonly #uses = new Map<number, ProcessUse>();
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, everyMs = 200) {
    const sample = () => {
      for (const each of childrenOf(new Set([pid]))) this.#sample(each);
    };
    this.#timer = setInterval(sample, everyMs);
  }

  #sample(pid: number): void {
    const stat = read(`/proc/${pid}/stat`).split(") ")[1]?.split(" ");
    const peak = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1];
    if (!stat || !peak) return;
    const use = this.#uses.get(pid) ?? { pid, role: role(pid), cpuSeconds: 0, peakRssMiB: 0 };
    use.cpuSeconds = (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
    use.peakRssMiB = Math.round(Number(peak) / 1024);
    this.#uses.set(pid, use);
  }

  stop(): readonly ProcessUse[] {
    clearInterval(this.#timer);
    return [...this.#uses.values()];
  }
}
