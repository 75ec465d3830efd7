/**
 * A folder of photographs into a folder of marked ones, as a user would call it, start of the program included:
 *   npm run bench:mark-folder -- [--json] [--count 96] [--rounds 3]
 *
 * platemark    npx platemark mark, each picture proven and its record kept
 * loop         ImageMagick composes a prepared mark, one picture after the other, with all cores
 * parallel     the same with as many pictures at once as there are cores, one thread each
 * The arms take turns, round after round; figures are medians, ratios are made within each round. ImageMagick proves
 * nothing, and codes each picture anew.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makePhotographs } from "./photographs.ts";
import { printReport, quantile } from "./report.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    count: { type: "string", default: "96" },
    rounds: { type: "string", default: "3" },
  },
});
const [COUNT, ROUNDS] = [Number(values.count), Number(values.rounds)];
const CORES = availableParallelism();
const MAGICK = process.env.PLATEMARK_TEST_IMAGEMAGICK ?? "convert";
const TEMPLATE = `template "corner" { payload = "ECO-2026"  location = "text(bottom_right, scale=0.06)" }`;

interface Arm {
  readonly name: string;
  readonly command: (output: string) => readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

const work = mkdtempSync(join(tmpdir(), "platemark-bench-folder-"));
try {
  const pictures = join(tmpdir(), `platemark-bench-folder-${COUNT}`);
  const { bytes } = await makePhotographs(pictures, COUNT);
  const [template, label] = [join(work, "corner.platemark"), join(work, "label.png")];
  writeFileSync(template, TEMPLATE);
  const font = join(process.cwd(), "resources/fonts/Inter_600SemiBold.ttf");
  const look = ["-background", "none", "-font", font, "-pointsize", "240", "-fill", "rgba(255,255,255,0.5)"];
  execFileSync(MAGICK, [...look, "label:ECO-2026", label]);
  const compose = (at: string) =>
    `"${MAGICK}" "${at}" "${label}" -gravity southeast -geometry +120+120 -composite`;
  const arms: readonly Arm[] = [
    {
      name: "platemark",
      command: (output) => [
        process.execPath,
        ...["bin/platemark.mjs", "mark", pictures, output, "--template", template],
        ...["--record", `${output}-proofs`, "--home", join(work, "home")],
      ],
    },
    {
      name: "loop",
      command: (output) => [
        "bash",
        "-c",
        `for f in "${pictures}"/*.jpg; do ${compose("$f")} "${output}/\${f##*/}"; done`,
      ],
      environment: { MAGICK_THREAD_LIMIT: String(CORES) },
    },
    {
      name: "parallel",
      command: (output) => [
        "bash",
        "-c",
        `ls "${pictures}" | xargs -P ${CORES} -I{} ${compose(`${pictures}/{}`)} "${output}/{}"`,
      ],
      environment: { MAGICK_THREAD_LIMIT: "1" },
    },
  ];
  const seconds = new Map<string, number[]>(arms.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const arm of arms) {
      const output = join(work, `${arm.name}-${round}`);
      mkdirSync(output);
      const taken = await timed(arm, output);
      if (readdirSync(output).length !== COUNT) throw new Error(`${arm.name} has not marked all pictures.`);
      seconds.get(arm.name)!.push(taken);
      rmSync(output, { recursive: true });
    }
  const ours = seconds.get("platemark")!;
  printReport(
    "marks on a folder",
    arms.map(({ name }) => {
      const times = seconds.get(name)!;
      const ratios = times.map((time, round) => time / ours[round]!);
      return {
        arm: name,
        seconds: Number(quantile(times, 0.5).toFixed(2)),
        picturesPerSecond: Number((COUNT / quantile(times, 0.5)).toFixed(1)),
        "÷ platemark": Number(quantile(ratios, 0.5).toFixed(2)),
        spread: `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
      };
    }),
    { pictures: COUNT, MB: Math.round(bytes / 1e6) },
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Seconds. */
async function timed({ command, environment }: Arm, output: string): Promise<number> {
  const started = performance.now();
  const [program, ...args] = command(output);
  const child = spawn(program!, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`${program} ended with ${code}.`);
  return (performance.now() - started) / 1000;
}
