/**
 * Marks alone: one corner mark on 24-megapixel JPEGs, one thread, every peer in the same round.
 *   npm run bench:mark -- [--json] [--rounds 7] [--whole]
 *
 * - `exact`: our splice, all of the file's data checked; `touched`: restart intervals without a mark passed over.
 * - `sharp`: decode, composite, code with the same quality, sampling and kind of Huffman tables; metadata kept.
 * - `drop`: `jpegtran -drop` of a piece that is there already; `cut and drop`: what its user has to do, `jpegtran -crop`
 *   of the piece, sharp's composite on it, `-drop`. Both start programs and read and write files.
 * - `magick`: ImageMagick's composite, one thread.
 * Ratios are of CPU time, ours and that of programs we start: it counts the work and not who else is on the machine.
 * The overlay is drawn before, for all alike.
 *
 * Then what cannot be spliced: the same pictures progressive, marked through all their coefficients, beside sharp.
 *
 * Then marks over the whole picture, a pattern and one large text, which go through the decoder. `bare sharp`: sharp
 * decodes, composites the same tiles as one list of overlays, and codes with the same quality, sampling and tables, one
 * thread. `no mark`: it only decodes and codes. `wall` is by the clock, of each the best round: it counts who else is
 * on the machine.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import sharp from "sharp";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { inkTiles, layOver } from "../../server/adapters/imaging/mark-picture.ts";
import type { ResolvedMark } from "../../shared/contracts/mark-operator.ts";
import { DEFAULT_MARK, type MarkSpec } from "../../shared/contracts/mark-spec.ts";
import { markCoefficients } from "../../shared/imaging/jpeg/mark-coefficients.ts";
import { readScanHeader } from "../../shared/imaging/jpeg/scan-header.ts";
import { spliceMark } from "../../shared/imaging/jpeg/splice-mark.ts";
import type { InkTile } from "../../shared/imaging/overlay.ts";
import { resolvedOfSpec } from "../../shared/imaging/resolved-of-spec.ts";
import { CoefficientKernel } from "../../shared/imaging/wasm/coefficient-kernel.ts";
import { JpegKernel } from "../../shared/imaging/wasm/jpeg-kernel.ts";
import { markOf, textLayer } from "../fixtures/marks/sample-marks.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";
import { makePhotographs } from "./photographs.ts";
import { printReport, quantile } from "./report.ts";

const run = promisify(execFile);
const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    /** Leaves out the corner marks that are spliced. */
    whole: { type: "boolean" },
    rounds: { type: "string", default: "7" },
  },
});
const ROUNDS = Number(values.rounds);
/** For compilers and caches. */
const WARM_ROUNDS = 4;
/** Slow peers are timed in this many rounds only. */
const FEW_ROUNDS = Math.min(3, ROUNDS);
const short = (value: number) => ({ value, unit: "short_side" }) as const;
const pattern = { angle: -30, gapX: short(0.06), gapY: short(0.06), stagger: true };
const WHOLE_PICTURE: readonly (readonly [string, ResolvedMark])[] = [
  ["pattern", markOf(textLayer("© Platemark", { size: short(0.03), opacity: 0.3, pattern }))],
  [
    "one large text",
    resolvedOfSpec({ ...DEFAULT_MARK, size: 0.35, position: "center", rotation: -30 } satisfies MarkSpec),
  ],
];

interface Source {
  readonly name: string;
  readonly quality: number;
  readonly optimised: boolean;
  readonly bytes: Uint8Array;
}

type Arms = Readonly<Record<string, () => unknown>>;

interface Timed {
  readonly ms: number[];
  readonly cpuMs: number[];
}

/** Of this process and of those that it started and that have ended; these count in hundredths of a second. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ");
  return (user + system) / 1000 + 10 * (Number(fields[13]) + Number(fields[14]));
}

/** Times each arm, all arms in turn. */
async function timed(arms: Arms, slow: ReadonlySet<string>): Promise<Record<string, Timed>> {
  const samples: Record<string, Timed> = {};
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++)
    for (const [name, work] of Object.entries(arms)) {
      if (slow.has(name) && (round < 0 || round >= FEW_ROUNDS)) continue;
      const [start, cpu] = [performance.now(), cpuMilliseconds()];
      await work();
      if (round < 0) continue;
      samples[name] ??= { ms: [], cpuMs: [] };
      samples[name].ms.push(performance.now() - start);
      samples[name].cpuMs.push(cpuMilliseconds() - cpu);
    }
  return samples;
}

async function programs(): Promise<{ jpegtran: boolean; magick: string | undefined }> {
  const starts = (program: string, option: string) =>
    run(program, [option]).then(
      () => true,
      () => false,
    );
  const magick = process.env.PLATEMARK_TEST_IMAGEMAGICK ?? "convert";
  return {
    jpegtran: await starts("jpegtran", "-version"),
    magick: (await starts(magick, "-version")) ? magick : undefined,
  };
}

async function sources(folder: string, jpegtran: boolean): Promise<Source[]> {
  const { files } = await makePhotographs(join(folder, "pictures"), 2);
  const all: Source[] = [];
  for (const [i, name] of ["smooth", "busy"].entries()) {
    const own = await readFile(files[i]!);
    const quality = [82, 90][i]!;
    const plain = await sharp(own).keepMetadata().jpeg({ quality, optimiseCoding: false }).toBuffer();
    for (const [tables, bytes] of [
      ["standard", plain],
      ["own", own],
    ] as const) {
      const optimised = tables === "own";
      all.push({ name: `${name}, ${tables} tables`, quality, optimised, bytes: new Uint8Array(bytes) });
      if (!jpegtran) continue;
      const [from, to] = [join(folder, "plain.jpg"), join(folder, "restart.jpg")];
      await writeFile(from, bytes);
      const optimise = optimised ? ["-optimize"] : [];
      await run("jpegtran", ["-copy", "all", ...optimise, "-restart", "1", "-outfile", to, from]);
      const marked = new Uint8Array(await readFile(to));
      all.push({ name: `${name}, ${tables} tables, restart markers`, quality, optimised, bytes: marked });
    }
  }
  return all;
}

/** A tile of one colour as sharp takes it. */
function rgbaOf({ width, height, alpha, colors }: InkTile): Buffer {
  const rgba = Buffer.alloc(width * height * 4);
  for (let i = 0; i < alpha.length; i++) rgba.set([colors[0]!, colors[1]!, colors[2]!, alpha[i]!], 4 * i);
  return rgba;
}

function composite(source: Source, tiles: readonly InkTile[], progressive = false): () => Promise<Buffer> {
  // A pattern's copies share their pixels.
  const drawn = new Map<Uint8Array, Buffer>();
  const overlays = tiles.map((tile) => {
    const { left, top, width, height, alpha } = tile;
    const rgba = drawn.get(alpha) ?? rgbaOf(tile);
    drawn.set(alpha, rgba);
    return { input: rgba, raw: { width, height, channels: 4 as const }, left, top };
  });
  const { quality, optimised } = source;
  return () =>
    sharp(source.bytes)
      .keepMetadata()
      .composite(overlays)
      .jpeg({ quality, optimiseCoding: optimised, progressive })
      .toBuffer();
}

/** Writes what the programs need into `folder`; arms of those that are there. */
async function peers(folder: string, source: Source, tile: InkTile): Promise<Arms> {
  const rgba = rgbaOf(tile);
  const { jpegtran, magick } = await programs();
  const [file, overlay, piece, out] = ["source.jpg", "overlay.png", "piece.jpg", "out.jpg"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  await writeFile(file, source.bytes);
  const raw = { width: tile.width, height: tile.height, channels: 4 } as const;
  await sharp(rgba, { raw }).png().toFile(overlay);
  // The piece starts at an MCU of 16 × 16 pixels.
  const [left, top] = [tile.left & ~15, tile.top & ~15];
  const [width, height] = [tile.left + tile.width - left, tile.top + tile.height - top];
  const cut = async () => {
    const { stdout } = await run("jpegtran", ["-crop", `${width}x${height}+${left}+${top}`, file], {
      encoding: "buffer",
      maxBuffer: 2 ** 26,
    });
    await sharp(stdout)
      .composite([{ input: rgba, raw, left: tile.left - left, top: tile.top - top }])
      .jpeg({ quality: source.quality })
      .toFile(piece);
  };
  const drop = () =>
    run("jpegtran", ["-copy", "all", "-drop", `+${left}+${top}`, piece, "-outfile", out, file]);
  const arms: Record<string, () => unknown> = {};
  if (jpegtran) {
    await cut();
    arms.drop = drop;
    arms["cut and drop"] = async () => {
      await cut();
      await drop();
    };
  }
  if (magick)
    arms.magick = () =>
      run(magick, [file, overlay, "-geometry", `+${tile.left}+${tile.top}`, "-composite", out], {
        env: { ...process.env, MAGICK_THREAD_LIMIT: "1" },
      });
  return arms;
}

function rowOf(source: Source, ours: string, samples: Readonly<Record<string, Timed>>, wall = false) {
  const columns: Record<string, unknown> = {
    picture: source.name,
    MB: (source.bytes.length / 1e6).toFixed(1),
  };
  const [ms, cpu] = (["ms", "cpuMs"] as const).map(
    (which) => (arm: string) => quantile(samples[arm]![which], 0.5),
  ) as [(arm: string) => number, (arm: string) => number];
  const best = (arm: string) => Math.min(...samples[arm]!.ms);
  for (const [arm, { cpuMs }] of Object.entries(samples)) {
    columns[arm] = `${ms(arm).toFixed(0)} ms, CPU ${cpu(arm).toFixed(0)}`;
    if (arm === ours)
      columns["CPU min–max"] = `${Math.min(...cpuMs).toFixed(0)}–${Math.max(...cpuMs).toFixed(0)}`;
    else columns[`${arm} ÷ ${ours}`] = Number((cpu(arm) / cpu(ours)).toFixed(wall ? 2 : 1));
    if (wall && arm !== ours) columns[`${arm} ÷ ${ours}, wall`] = Number((best(arm) / best(ours)).toFixed(2));
  }
  return columns;
}

sharp.concurrency(1);
sharp.cache(false);
const folder = await mkdtemp(join(tmpdir(), "platemark-bench-mark-"));
try {
  const tools = await loadMarkTools(folder);
  const kernel = await JpegKernel.load();
  const coefficients = await CoefficientKernel.load();
  const corner: Record<string, unknown>[] = [];
  const progressive: Record<string, unknown>[] = [];
  const whole: Record<string, unknown>[] = [];
  const all = values.whole ? [] : await sources(folder, (await programs()).jpegtran);
  for (const source of all) {
    const facts = await inspectPicture(source.bytes, 1e9);
    const header = readScanHeader(source.bytes);
    if (!header.exact) throw new Error(header.reason);
    const tile = (await textTiles(DEFAULT_MARK, facts, tools))[0]!;
    const splice = (checks: "whole" | "touched") => () => {
      const result = spliceMark(kernel, source.bytes, header, [tile], { checks });
      if (!result.exact) throw new Error(result.reason);
    };
    const arms: Arms = {
      exact: splice("whole"),
      ...(header.restartInterval > 0 ? { touched: splice("touched") } : {}),
      sharp: composite(source, [tile]),
      ...(await peers(folder, source, tile)),
    };
    corner.push(rowOf(source, "exact", await timed(arms, new Set(["cut and drop", "magick"]))));
  }

  for (const source of await sources(folder, false)) {
    const facts = await inspectPicture(source.bytes, 1e9);
    if (source.optimised) {
      const { quality } = source;
      const coded = await sharp(source.bytes).keepMetadata().jpeg({ quality, progressive: true }).toBuffer();
      const own = { ...source, name: `${source.name}, progressive`, bytes: new Uint8Array(coded) };
      const tiles = await textTiles(DEFAULT_MARK, facts, tools);
      const arms: Arms = {
        coefficients: () => {
          const result = markCoefficients(coefficients, own.bytes, tiles);
          if (!result.exact) throw new Error(result.reason);
        },
        sharp: composite(own, tiles, true),
      };
      progressive.push(rowOf(own, "coefficients", await timed(arms, new Set())));
      continue;
    }
    for (const [name, mark] of WHOLE_PICTURE) {
      const tiles = await inkTiles(mark, facts, tools);
      const { quality } = source;
      const arms = {
        ours: () => layOver(source.bytes, { ...facts, format: "jpeg" }, tiles),
        "bare sharp": composite(source, tiles),
        "no mark": () =>
          sharp(source.bytes).keepMetadata().jpeg({ quality, optimiseCoding: false }).toBuffer(),
      };
      const row = rowOf(source, "ours", await timed(arms, new Set()), true);
      whole.push({ mark: `${name}, ${tiles.length} tiles`, ...row });
    }
  }
  if (values.json) printReport("mark", [...corner, ...progressive, ...whole], { rounds: ROUNDS });
  else {
    if (!values.whole) printReport("corner mark, one thread, medians", corner, { rounds: ROUNDS });
    printReport("corner mark through all coefficients", progressive, { rounds: ROUNDS });
    printReport("mark over the whole picture", whole, { rounds: ROUNDS });
  }
} finally {
  await rm(folder, { recursive: true });
}
