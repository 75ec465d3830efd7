/**
 * The marker alone. First one thread: milliseconds for one corner mark, spliced and decoded-and-coded-again in turn;
 * then all threads: pictures a second, CPU and peak memory, beside ImageMagick's composite.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { inkTiles, markPicture } from "../../server/adapters/imaging/mark-picture.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { DEFAULT_MARK } from "../../shared/contracts/mark-spec.ts";
import { resolvedOfSpec } from "../../shared/imaging/resolved-of-spec.ts";
import { silentLogger } from "../../shared/kernel/logger.ts";
import { loadMarkTools } from "../support/mark-tools.ts";
import { makePhotographs } from "./photographs.ts";
import { printReport, quantile } from "./report.ts";

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

interface OneThread {
  readonly ms: readonly number[];
  readonly cpuMs: number;
}

/** Times calls one behind the other; CPU over all of this process's threads. */
async function timed(work: () => Promise<unknown>): Promise<OneThread> {
  const before = process.cpuUsage();
  const ms: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    ms.push((await seconds(async () => void (await work()))) * 1000);
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1000 / ROUNDS };
}

/** The bench's first four scenes: with the tables made for each that they come with, and with the standard's. */
async function oneThread(files: readonly string[], tempDir: string): Promise<Record<string, unknown>[]> {
  sharp.concurrency(1);
  const tools = await loadMarkTools(tempDir);
  const mark = resolvedOfSpec(DEFAULT_MARK);
  const splicer = new JpegSplicer();
  const rows: Record<string, unknown>[] = [];
  for (const [i, name] of ["24 MP smooth", "24 MP busy", "6 MP smooth", "6 MP busy"].entries()) {
    const own = new Uint8Array(await readFile(files[i]!));
    const quality = [82, 90, 90, 94][i]!;
    const standard = await sharp(own).keepMetadata().jpeg({ quality, optimiseCoding: false }).toBuffer();
    for (const [tables, source] of [
      ["own", own],
      ["standard", standard],
    ] as const) {
      const facts = await inspectPicture(source, 1e9);
      const splice = async () => {
        const result = await splicer.mark(source, facts, await inkTiles(mark, facts, tools));
        if (!result.exact) throw new Error(`not exact: ${result.reason}`);
      };
      const recode = async () => await markPicture(source, facts, mark, tools);
      for (let warm = 0; warm < 3; warm++) await splice();
      await recode();
      const [exact, coded] = [await timed(splice), await timed(recode)];
      rows.push({
        picture: `${name}, ${(source.length / 1e6).toFixed(1)} MB`,
        tables,
        "spliced ms": quantile(exact.ms, 0.5).toFixed(0),
        "min–max": `${Math.min(...exact.ms).toFixed(0)}–${Math.max(...exact.ms).toFixed(0)}`,
        "CPU ms": exact.cpuMs.toFixed(0),
        "coded again ms": quantile(coded.ms, 0.5).toFixed(0),
        "its CPU ms": coded.cpuMs.toFixed(0),
        ratio: (quantile(coded.ms, 0.5) / quantile(exact.ms, 0.5)).toFixed(1),
      });
    }
  }
  return rows;
}

const folder = await mkdtemp(join(tmpdir(), "platemark-bench-marker-"));
const marker = createImageMarker({ threads: THREADS, memoryBudgetBytes: 1024 ** 3, logger: silentLogger });
const magick = process.env.PLATEMARK_TEST_IMAGEMAGICK;
const rows: Record<string, unknown>[] = [];
try {
  const { files } = await makePhotographs(join(folder, "pictures"), 12);
  const single = await oneThread(files, folder);
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
  printReport("marker, one thread", single, { rounds: ROUNDS });
  printReport("marker", rows, {
    threads: THREADS,
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  });
} finally {
  await marker.close();
  await rm(folder, { recursive: true });
}
