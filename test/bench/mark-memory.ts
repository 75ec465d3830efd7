/**
 * What the exact path takes of memory for one corner mark, against the aim of three times the file and 32 MB:
 *   npm run bench:mark-memory -- [--json]
 *
 * Each row is a process of its own that has marked a small picture before: code, fonts and kernels are there already.
 * Peak and base are resident memory as the kernel counts it (VmHWM after a reset, VmRSS).
 * - `splice`: the file read, inspected, the mark drawn, spliced; the result is held.
 * - `marker`: the same by the worker's marker, in its thread, in the memory that the worker lends.
 */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { createImageMarker } from "../../server/adapters/imaging/marker.ts";
import { DEFAULT_MARK } from "../../shared/contracts/mark-spec.ts";
import { roomForSplice } from "../../shared/imaging/jpeg/splice-mark.ts";
import { silentLogger } from "../../shared/kernel/logger.ts";
import { SharedBuffers } from "../../shared/kernel/shared-buffers.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";
import { scene } from "./photographs.ts";
import { printReport } from "./report.ts";

const MB = 1e6;
const PICTURES = [
  { name: "24 MP, smooth", width: 6000, height: 4000, quality: 82, grain: 24 },
  { name: "24 MP, busy", width: 6000, height: 4000, quality: 90, grain: 44 },
  { name: "96 MP, busy", width: 12_000, height: 8000, quality: 90, grain: 44 },
  { name: "280 MP, smooth", width: 20_000, height: 14_000, quality: 82, grain: 24 },
  { name: "280 MP, busy", width: 20_000, height: 14_000, quality: 90, grain: 44 },
] as const;
const SMALL = { name: "small", width: 1200, height: 800, quality: 82, grain: 24 } as const;

type Way = "splice" | "marker";
interface Taken {
  readonly path: string;
  readonly bytes: number;
  readonly takenMB: number;
}

/** Kibibytes, of this process. */
function memory(field: "VmHWM" | "VmRSS"): number {
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))![1]);
}

/** Without anything beside the memory that is lent. */
function readInto(file: string, lend: (size: number) => Uint8Array): Uint8Array {
  const handle = openSync(file, "r");
  const { size } = fstatSync(handle);
  const bytes = lend(size);
  for (let at = 0; at < size; ) at += readSync(handle, bytes, at, size - at, at);
  closeSync(handle);
  return bytes;
}

const WAYS: Readonly<Record<Way, () => Promise<(file: string) => Promise<Omit<Taken, "takenMB">>>>> = {
  async splice() {
    const tools = await loadMarkTools();
    const splicer = new JpegSplicer();
    return async (file) => {
      const source = readInto(file, (size) => new Uint8Array(size));
      const facts = await inspectPicture(source, Number.POSITIVE_INFINITY);
      const tiles = await textTiles(DEFAULT_MARK, facts, tools);
      const marked = await splicer.mark(source, facts, tiles);
      if (!marked.exact) throw new Error(`Not spliced: ${marked.reason}`);
      return { path: marked.path, bytes: source.length };
    };
  },
  async marker() {
    const buffers = new SharedBuffers(0);
    const marker = createImageMarker({ threads: 1, memoryBudgetBytes: 2 ** 30, logger: silentLogger });
    return async (file) => {
      const lend = (size: number) => buffers.lend(size);
      const source = readInto(file, lend);
      const room = lend(roomForSplice(source.length));
      const { path } = await marker.mark(source, { mark: DEFAULT_MARK, room });
      return { path, bytes: source.length };
    };
  },
};

async function measure(way: Way, small: string, file: string): Promise<Taken> {
  const mark = await WAYS[way]();
  for (let n = 0; n < 3; n++) await mark(small);
  globalThis.gc?.();
  writeFileSync("/proc/self/clear_refs", "5");
  const base = memory("VmRSS");
  const marked = await mark(file);
  return { ...marked, takenMB: ((memory("VmHWM") - base) * 1024) / MB };
}

async function pictureFile(folder: string, shape: (typeof PICTURES)[number] | typeof SMALL): Promise<string> {
  const file = join(folder, `${shape.name.replace(/\W+/g, "-")}.jpg`);
  if (!existsSync(file)) writeFileSync(file, await scene(1, shape));
  return file;
}

const [task, way, small, file] = process.argv.slice(2);
if (task === "measure") {
  process.stdout.write(JSON.stringify(await measure(way as Way, small!, file!)));
  process.exit(0);
}
const folder = join(tmpdir(), "platemark-bench-memory");
mkdirSync(folder, { recursive: true });
const smallFile = await pictureFile(folder, SMALL);
const rows = [];
for (const shape of PICTURES) {
  const pictured = await pictureFile(folder, shape);
  for (const each of Object.keys(WAYS) as Way[]) {
    const args = ["--expose-gc", fileURLToPath(import.meta.url), "measure", each, smallFile, pictured];
    const { path, bytes, takenMB } = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    ) as Taken;
    const fileMB = bytes / MB;
    rows.push({
      picture: shape.name,
      file: basename(pictured),
      way: each,
      path,
      fileMB: Number(fileMB.toFixed(1)),
      takenMB: Number(takenMB.toFixed(1)),
      aimMB: Number((3 * fileMB + 32).toFixed(1)),
    });
  }
}
printReport("memory of the exact path", rows);
