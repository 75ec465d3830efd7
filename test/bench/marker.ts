/** The marker alone: pictures a second for 6 and 24 MP JPEG, CPU and peak memory, beside ImageMagick's composite. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { DEFAULT_MARK } from "../../shared/contracts/mark-spec.ts";
import { silentLogger } from "../../shared/kernel/logger.ts";
import { makePhotographs } from "./photographs.ts";
import { printReport } from "./report.ts";

const run = promisify(execFile);
const THREADS = availableParallelism();
const ROUNDS = 5;
const PICTURES = 8;

/** Works on all items, `THREADS` at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: THREADS }, lane));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const folder = await mkdtemp(join(tmpdir(), "platemark-bench-marker-"));
const marker = createImageMarker({ threads: THREADS, memoryBudgetBytes: 1024 ** 3, logger: silentLogger });
const magick = process.env.PLATEMARK_TEST_IMAGEMAGICK;
const rows: Record<string, unknown>[] = [];
try {
  const { files } = await makePhotographs(join(folder, "pictures"), 12);
  const overlay = join(folder, "overlay.png");
  await sharp({ create: { width: 1000, height: 180, channels: 4, background: "#ffffff80" } })
    .png()
    .toFile(overlay);
  const bySize = Map.groupBy(files, (_, i) => (i % 4 < 2 ? "24 MP" : "6 MP"));
  for (const [size, sources] of bySize) {
    const work = Array.from({ length: PICTURES }, (_, i) => sources[i % sources.length]!);
    const own: number[] = [];
    const peer: number[] = [];
    const ours = async () =>
      await each(work, async (file) => {
        const { body } = await marker.mark(await readFile(file), { mark: DEFAULT_MARK });
        await writeFile(join(folder, "out.jpg"), body);
      });
    await ours();
    const cpuBefore = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) own.push(await seconds(ours));
    const cpu = process.cpuUsage(cpuBefore);
    if (magick)
      for (let round = 0; round < 2; round++)
        peer.push(
          await seconds(() =>
            each(work, (file) =>
              run(
                magick,
                [
                  file,
                  overlay,
                  "-gravity",
                  "southeast",
                  "-geometry",
                  "+60+60",
                  "-composite",
                  join(folder, "im.jpg"),
                ],
                {
                  env: { ...process.env, MAGICK_THREAD_LIMIT: "1" },
                },
              ),
            ),
          ),
        );
    const best = Math.min(...own);
    rows.push({
      size,
      "pictures/s": (PICTURES / best).toFixed(2),
      "CPU s/picture": ((cpu.user + cpu.system) / 1e6 / (PICTURES * ROUNDS)).toFixed(3),
      "ImageMagick pictures/s": peer.length ? (PICTURES / Math.min(...peer)).toFixed(2) : "not there",
      ratio: peer.length ? (Math.min(...peer) / best).toFixed(1) : "",
    });
  }
  printReport("marker", rows, {
    threads: THREADS,
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  });
} finally {
  await marker.close();
  await rm(folder, { recursive: true });
}
