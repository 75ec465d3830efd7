/**
 * `npm run bench:proof`: milliseconds of CPU to prove one marked 24 MP or 6 MP JPEG in one thread (both files' coefficients
 * read and compared, blocks and files digested, record signed), beside what would be the plain way: both files decoded
 * by sharp, their pixels compared and digested.
 */
import { hash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { inspectPicture } from "../../server/adapters/imaging/inspect-picture.ts";
import { JpegSplicer } from "../../server/adapters/imaging/jpeg-splicer.ts";
import { loadProofTools } from "../../server/adapters/proof/proof-tools.ts";
import { DEFAULT_MARK } from "../../shared/contracts/mark-spec.ts";
import { hex } from "../../shared/imaging/proof/block-digest.ts";
import { examinePair } from "../../shared/imaging/proof/examine-pair.ts";
import { generateProofKey, recordBytes, signRecord } from "../../shared/imaging/proof/sign-record.ts";
import { loadMarkTools, textTiles } from "../support/mark-tools.ts";
import { makePhotographs } from "./photographs.ts";
import { printReport, quantile } from "./report.ts";

const ROUNDS = 9;
const PEER_ROUNDS = 3;

/** CPU time over all of this process's threads: other work on the machine disturbs it less than the clock. */
async function timed(rounds: number, work: () => Promise<unknown>): Promise<number[]> {
  const ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    ms.push((user + system) / 1000);
  }
  return ms;
}

const folder = await mkdtemp(join(tmpdir(), "platemark-bench-proof-"));
const rows: Record<string, unknown>[] = [];
try {
  sharp.concurrency(1);
  sharp.cache(false);
  const { files } = await makePhotographs(join(folder, "pictures"), 4);
  const marking = await loadMarkTools(folder);
  const tools = await loadProofTools();
  const key = await generateProofKey();
  for (const [i, name] of ["24 MP smooth", "24 MP busy", "6 MP smooth", "6 MP busy"].entries())
    for (const coding of ["sequential", "progressive"] as const) {
      const camera = new Uint8Array(await readFile(files[i]!));
      const source = coding === "sequential" ? camera : new Uint8Array(await progressive(camera));
      const facts = await inspectPicture(source, 1e9);
      const tiles = await textTiles(DEFAULT_MARK, facts, marking);
      const splicer = new JpegSplicer();
      const way = coding === "sequential" ? "mark" : "markCoefficients";
      const marked = await splicer[way](source, facts, tiles);
      if (!marked.exact) throw new Error(marked.reason);
      const pair = { original: source, marked: marked.bytes };
      const touched = tiles;
      let recordSize = 0;
      const prove = async () => {
        const finding = await examinePair(pair, { touched }, tools);
        if (!finding.proven || finding.evidence.class !== "exact") throw new Error("not exact");
        const file = async (bytes: Uint8Array) => ({
          ...finding.facts,
          sha256: hex(await tools.sha256(bytes)),
          bytes: bytes.length,
          key: null,
        });
        const record = await signRecord(
          {
            proofVersion: 1,
            original: await file(pair.original),
            marked: await file(pair.marked),
            template: { name: "bench", version: "1" },
            evidence: finding.evidence,
            software: { name: "platemark", version: "0" },
            traceId: "",
            time: new Date(0).toISOString(),
          },
          key,
        );
        recordSize = recordBytes(record).length;
      };
      const plain = async () => {
        const [a, b] = [
          await sharp(pair.original).raw().toBuffer(),
          await sharp(pair.marked).raw().toBuffer(),
        ];
        const row = facts.width * 3;
        let differing = 0;
        for (let y = 0; y < facts.height; y++)
          if (!a.subarray(y * row, (y + 1) * row).equals(b.subarray(y * row, (y + 1) * row))) differing++;
        if (differing > tiles.reduce((sum, { height }) => sum + height, 0) + 64) throw new Error("not equal");
        for (let at = 0; at < a.length; at += 65_536) hash("sha256", a.subarray(at, at + 65_536), "buffer");
      };
      await timed(2, prove);
      const [own, peer] = [await timed(ROUNDS, prove), await timed(PEER_ROUNDS, plain)];
      const [median, peerMedian] = [quantile(own, 0.5), quantile(peer, 0.5)];
      rows.push({
        picture: `${name}, ${(pair.original.length / 1e6).toFixed(1)} MB`,
        coding,
        "proven, CPU ms": median.toFixed(0),
        "min–max": `${Math.min(...own).toFixed(0)}–${Math.max(...own).toFixed(0)}`,
        "decoded and compared, CPU ms": peerMedian.toFixed(0),
        ratio: (peerMedian / median).toFixed(1),
        "record KB": (recordSize / 1000).toFixed(1),
      });
    }
} finally {
  await rm(folder, { recursive: true });
}
printReport("proof", rows, { rounds: ROUNDS });

/** The same coefficients in several scans would need jpegtran; these are as near as makes no difference in time. */
async function progressive(source: Uint8Array): Promise<Buffer> {
  return await sharp(source).keepMetadata().jpeg({ progressive: true, quality: 85 }).toBuffer();
}
