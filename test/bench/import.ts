/**
 * From a folder of photographs to marked pictures in the store:
 *   npm run bench:import -- [--json] [--count 300] [--rounds 3] [--arms embedded,production,imagemagick] [--tiny 300,30000]
 *
 * embedded      npx platemark import, nothing else running
 * production    the same with MinIO, Redis and PostgreSQL
 * imagemagick   what one would do instead: ImageMagick composes the mark in a loop, then `mc cp` of originals and results
 * The arms take turns, round after round; figures are medians over the rounds, ratios are made within each round.
 * --tiny        instead: peak memory of the core for so many tiny pictures
 *
 * The components come from the PLATEMARK_TEST_* variables (node scripts/real-components.ts start DIR).
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makePhotographs, makeTinyPictures } from "./photographs.ts";
import { ProcessTree, type ProcessUse } from "./process-tree.ts";
import { printReport, sampled } from "./report.ts";
import { type Stage, stagesOf } from "./stages.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    count: { type: "string", default: "300" },
    rounds: { type: "string", default: "3" },
    arms: { type: "string", default: "embedded,production,imagemagick" },
    tiny: { type: "string" },
    photographs: { type: "string", default: join(tmpdir(), "platemark-bench-photographs") },
  },
});
const MARK = "© Platemark";

interface Arm {
  readonly arm: string;
  readonly pictures: number;
  readonly seconds: number;
  readonly processes: readonly ProcessUse[];
  readonly stages: readonly Stage[];
}

function need(name: string): string {
  const value = process.env[name];
  if (value) return value;
  process.stderr.write(`${name} is not set; start the real components first.\n`);
  process.exit(3);
}

async function timed(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const started = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const tree = new ProcessTree(child.pid!);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const code = await new Promise((done) => child.once("close", done));
  const processes = tree.stop();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}\n${output.slice(-2000)}`);
  return { seconds: (performance.now() - started) / 1000, processes, output };
}

/** The summary must say that every picture was marked: a fast import that loses one is not fast. */
async function platemark(
  arm: string,
  folder: string,
  home: string,
  env: NodeJS.ProcessEnv,
): Promise<Omit<Arm, "stages">> {
  const { seconds, processes, output } = await timed(
    process.execPath,
    ["bin/platemark.mjs", "import", folder, "--json", "--text", MARK],
    { PLATEMARK_HOME: home, PLATEMARK_MARK_QPS: "0", ...env },
  );
  const marked = output
    .split("\n")
    .filter((line) => line.includes('"event":"picture"') && line.includes('"state":"marked"'));
  return { arm, pictures: marked.length, seconds, processes };
}

async function embedded(folder: string, home: string): Promise<Arm> {
  const run = await platemark("embedded", folder, home, {});
  return { ...run, stages: await stagesOf({ kind: "sqlite", path: join(home, "server.sqlite") }) };
}

async function production(folder: string, home: string): Promise<Arm> {
  const server = need("PLATEMARK_TEST_POSTGRES_URL");
  const name = `bench_${process.pid}`;
  const psql = (sql: string) => execFileSync("psql", [server, "-qc", sql]);
  psql(`CREATE DATABASE ${name}`);
  const database = new URL(server);
  database.pathname = `/${name}`;
  try {
    const run = await platemark("production", folder, home, {
      PLATEMARK_S3_URL: need("PLATEMARK_TEST_MINIO_URL"),
      PLATEMARK_S3_ACCESS_KEY: need("PLATEMARK_TEST_MINIO_ACCESS_KEY"),
      PLATEMARK_S3_SECRET_KEY: need("PLATEMARK_TEST_MINIO_SECRET_KEY"),
      PLATEMARK_S3_BUCKET: `bench-${process.pid}`,
      PLATEMARK_REDIS_URL: need("PLATEMARK_TEST_REDIS_URL"),
      PLATEMARK_DATABASE_URL: database.href,
    });
    return { ...run, stages: await stagesOf({ kind: "postgres", url: database.href }) };
  } finally {
    psql(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}

/** One mark, drawn once and laid over every picture: the least that such a loop does. */
async function imageMagick(folder: string, work: string): Promise<Arm> {
  const convert = need("PLATEMARK_TEST_IMAGEMAGICK");
  const mc = process.env.PLATEMARK_MC_BIN ?? "mc";
  const url = new URL(need("PLATEMARK_TEST_MINIO_URL"));
  const host = `http://${need("PLATEMARK_TEST_MINIO_ACCESS_KEY")}:${need("PLATEMARK_TEST_MINIO_SECRET_KEY")}@${url.host}`;
  mkdirSync(join(work, "out"), { recursive: true });
  const script = `set -e
"$3" -background none -font "$5" -pointsize 200 -fill 'rgba(255,255,255,0.5)' 'label:${MARK}' "$2.png"
for f in "$1"/*.jpg; do
  "$3" "$f" "$2.png" -gravity southeast -geometry +120+120 -composite "$2/\${f##*/}"
done
"$4" --quiet mb -p bench/magick-$$ >/dev/null
"$4" --quiet cp -r "$1/" bench/magick-$$/raw/ >/dev/null
"$4" --quiet cp -r "$2/" bench/magick-$$/watermarked/ >/dev/null`;
  const run = await timed(
    "bash",
    [
      "-c",
      script,
      "loop",
      folder,
      join(work, "out"),
      convert,
      mc,
      join(process.cwd(), "resources/fonts/Inter_600SemiBold.ttf"),
    ],
    { MC_HOST_bench: host, MC_CONFIG_DIR: join(work, "mc"), HOME: work },
  );
  return { arm: "imagemagick", pictures: readdirSync(join(work, "out")).length, ...run, stages: [] };
}

/** One row an arm: medians over the rounds, with the spread of the ratio, each made within its round. */
function rowsOf(rounds: readonly (readonly Arm[])[]) {
  const rate = ({ pictures, seconds }: Arm) => pictures / seconds;
  return rounds[0]!.map(({ arm, pictures }) => {
    const own = rounds.map((arms) => arms.find((each) => each.arm === arm)!);
    const ratios = rounds.flatMap((arms, round) => {
      const peer = arms.find((each) => each.arm === "imagemagick");
      return peer ? [rate(own[round]!) / rate(peer)] : [];
    });
    const { median, min, max } = sampled(ratios);
    return {
      arm,
      marked: pictures,
      seconds: Number(sampled(own.map(({ seconds }) => seconds)).median.toFixed(1)),
      picturesPerSecond: Number(sampled(own.map(rate)).median.toFixed(2)),
      timesImageMagick: ratios.length > 0 ? Number(median.toFixed(2)) : null,
      spread: ratios.length > 0 ? `${min.toFixed(2)}–${max.toFixed(2)}` : null,
    };
  });
}

/** One row a program: CPU seconds of all its runs, and the highest peak: a loop starts the same program many times. */
function byRole(processes: readonly ProcessUse[]) {
  return [...Map.groupBy(processes, ({ role }) => role)].map(([role, uses]) => ({
    role,
    cpuSeconds: Number(uses.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0).toFixed(1)),
    peakRssMiB: Math.max(...uses.map(({ peakRssMiB }) => peakRssMiB)),
  }));
}

const work = mkdtempSync(join(tmpdir(), "platemark-bench-"));
try {
  if (values.tiny) {
    const rows = [];
    for (const count of values.tiny.split(",").map(Number)) {
      const folder = join(work, `tiny-${count}`);
      await makeTinyPictures(folder, count);
      const run = await platemark(`${count} tiny`, folder, join(work, `home-${count}`), {});
      rows.push({
        arm: run.arm,
        marked: run.pictures,
        seconds: Number(run.seconds.toFixed(1)),
        picturesPerSecond: Number((run.pictures / run.seconds).toFixed(1)),
        processes: byRole(run.processes),
      });
    }
    printReport("import of tiny pictures", rows);
  } else {
    const count = Number(values.count);
    const folder = join(values.photographs, String(count));
    const { bytes } = await makePhotographs(folder, count);
    const rounds: Arm[][] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const arms: Arm[] = [];
      for (const arm of values.arms.split(",")) {
        const place = join(work, arm);
        mkdirSync(place);
        if (arm === "embedded") arms.push(await embedded(folder, place));
        else if (arm === "production") arms.push(await production(folder, place));
        else if (arm === "imagemagick") arms.push(await imageMagick(folder, place));
        rmSync(place, { recursive: true, force: true });
      }
      rounds.push(arms);
    }
    const latest = rounds.at(-1)!;
    printReport("import", rowsOf(rounds), {
      input: { pictures: count, megabytes: Math.round(bytes / 1e6), rounds: rounds.length },
      stages: Object.fromEntries(latest.map(({ arm, stages }) => [arm, stages])),
      processes: Object.fromEntries(
        latest.map(({ arm }) => [
          arm,
          byRole(rounds.flatMap((arms) => arms.find((each) => each.arm === arm)!.processes)),
        ]),
      ),
    });
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
