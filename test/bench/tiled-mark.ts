/**
 * A pattern over a whole 24-megapixel JPEG, one thread: the marker beside sharp that only decodes and codes again, and
 * beside sharp's own tiled composite. In turn, CPU time of this process.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { markPicture } from "../../server/adapters/imaging/mark-picture.ts";
import { markOf, textLayer } from "../fixtures/marks/sample-marks.ts";
import { loadMarkTools } from "../support/mark-tools.ts";
import { makePhotographs } from "./photographs.ts";
import { printReport, quantile } from "./report.ts";

const ROUNDS = 7;
const short = (value: number) => ({ value, unit: "short_side" }) as const;
const mark = markOf(
  textLayer("© Platemark", {
    size: short(0.03),
    opacity: 0.3,
    pattern: { angle: -30, gapX: short(0.06), gapY: short(0.06), stagger: true },
  }),
);

async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

sharp.concurrency(1);
sharp.cache(false);
const folder = await mkdtemp(join(tmpdir(), "platemark-bench-tiled-"));
try {
  const { files } = await makePhotographs(folder, 12);
  const tools = await loadMarkTools(folder);
  const rows: Record<string, unknown>[] = [];
  for (const [i, name] of ["24 MP smooth", "24 MP busy"].entries()) {
    const source = new Uint8Array(await readFile(files[i]!));
    const facts = await inspectPicture(source, 1e9);
    const quality = [82, 90][i]!;
    const coded = { quality, optimiseCoding: false, chromaSubsampling: "4:2:0" };
    const upright = facts.orientation >= 5 ? { width: facts.height, height: facts.width } : facts;
    const first = await cpuMs(async () => tools.renderer.render(mark, upright));
    const { tiles } = tools.renderer.render(mark, upright);
    const whole = tiles.find(({ rgba }) => rgba === tiles[tiles.length >> 1]!.rgba)!;
    const { width, height } = whole;
    const cell = await sharp(whole.rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    const peers: Record<string, () => Promise<unknown>> = {
      "marker ms": () => markPicture(source, facts, mark, tools),
      "sharp without a mark ms": () => sharp(source).keepMetadata().jpeg(coded).toBuffer(),
      "sharp, tiled composite ms": () =>
        sharp(source)
          .composite([{ input: cell, tile: true }])
          .keepMetadata()
          .jpeg(coded)
          .toBuffer(),
    };
    const times = Object.fromEntries(Object.keys(peers).map((peer) => [peer, [] as number[]]));
    for (let round = 0; round < ROUNDS + 1; round++)
      for (const [peer, work] of Object.entries(peers)) {
        const ms = await cpuMs(work);
        if (round > 0) times[peer]!.push(ms);
      }
    const median = (peer: string) => quantile(times[peer]!, 0.5);
    rows.push({
      picture: `${name}, ${(source.length / 1e6).toFixed(1)} MB`,
      copies: tiles.length,
      "first drawing ms": first.toFixed(0),
      ...Object.fromEntries(Object.keys(peers).map((peer) => [peer, median(peer).toFixed(0)])),
      "to sharp without": (median("marker ms") / median("sharp without a mark ms")).toFixed(2),
      "to sharp tiled": (median("marker ms") / median("sharp, tiled composite ms")).toFixed(2),
    });
  }
  printReport("tiled mark, one thread, CPU time", rows, { rounds: ROUNDS });
} finally {
  await rm(folder, { recursive: true });
}
