import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { SeededRandom } from "../fakes/seeded-random.ts";
import { mutated } from "./mutations.ts";

/** How many inputs each parser gets: `PLATEMARK_FUZZ=1000000` for a long run. */
export const RUNS = Number(process.env.PLATEMARK_FUZZ ?? 3_000);
export const SEED = Number(process.env.PLATEMARK_FUZZ_SEED ?? 20_261_125);
/** What may be left over after all runs, beside what the first tenth has left (caches of the engine fill up). */
const MAX_GROWTH_BYTES = 16 * 1024 * 1024;
export const FUZZ_TIMEOUT_MS = 3_600_000;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const heapBytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

/** Feeds mutations of `samples`; `check` must settle, and throw only what its caller expects. */
export async function fuzz(
  samples: readonly string[],
  check: (input: string, sample: string, random: () => number) => void | Promise<void>,
  runs = RUNS,
): Promise<void> {
  const source = new SeededRandom(SEED);
  const random = () => source.float();
  let before = 0;
  for (let run = 0; run < runs; run++) {
    const sample = samples[Math.floor(random() * samples.length)]!;
    const input = mutated(sample, random, samples);
    try {
      await check(input, sample, random);
    } catch (error) {
      throw new Error(`Run ${run} of seed ${SEED}, input ${JSON.stringify(input)}`, { cause: error });
    }
    if (run === Math.floor(runs / 10)) before = heapBytes();
  }
  expect(heapBytes() - before).toBeLessThan(MAX_GROWTH_BYTES);
}
