/** What every benchmark prints: the machine, the samples, median and spread. Timings are ratios to a peer, never assertions. */
import { availableParallelism, cpus, release, totalmem } from "node:os";

export interface Sampled {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
}

/** Nearest-rank quantile of unsorted numbers; `q` in [0, 1]. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export function sampled(values: readonly number[]): Sampled {
  return {
    n: values.length,
    median: quantile(values, 0.5),
    min: Math.min(...values),
    max: Math.max(...values),
    p95: quantile(values, 0.95),
  };
}

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

/** `--json` prints one JSON document, else a table of `rows`. */
export function printReport(
  name: string,
  rows: readonly Readonly<Record<string, unknown>>[],
  extra: object = {},
): void {
  if (process.argv.includes("--json")) {
    process.stdout.write(
      `${JSON.stringify({ benchmark: name, machine: machine(), ...extra, rows }, null, 2)}\n`,
    );
    return;
  }
  const { cpu, cores, memoryGiB, node } = machine();
  process.stdout.write(`${name} on ${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}\n`);
  console.table(rows);
  for (const [key, value] of Object.entries(extra))
    process.stdout.write(`${key}: ${JSON.stringify(value)}\n`);
}
