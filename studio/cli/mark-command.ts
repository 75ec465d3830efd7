import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { systemClock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import { operatorOfSpec } from "#template/operator-of-spec.ts";
import { EXISTING, type Existing, type FileOutcome, markFiles } from "../mark-files/mark-files.ts";
import { findPlaces, type Places } from "../mark-files/places.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { type MarkReport, markJson, markWords } from "./mark-report.ts";
import { markTemplate } from "./mark-template.ts";
import { addMarkFlags, addSettingFlags, settingsOf } from "./setting-flags.ts";

/** Originals and marked pictures that one mark may hold. Bytes. */
const FILES_PER_MARK = 64 * 1024 * 1024;
const MOST_JOBS = 64;

export function addMarkCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("mark")
    .argument("<in>", "a picture, or a folder of them")
    .argument("<out>", "where the marked ones go: a file for a file, a folder for a folder")
    .description("mark files into files, proven, without a store")
    .option("--record <place>", "keep the proofs: a file for a picture, a folder for a folder")
    .option("--jobs <n>", "pictures at once; without it: as many as cores")
    .addOption(
      new Option("--existing <what>", "what happens to files that are there already")
        .choices(EXISTING)
        .default(EXISTING[0]),
    )
    .option("--json", "one JSON object a line")
    .addHelpText(
      "after",
      "\nExample:\n  platemark mark ./shoot ./marked --template corner.platemark --record ./proofs\n",
    );
  addSettingFlags(addMarkFlags(command)).action(
    async (input: string, output: string, flags: Record<string, unknown>) => {
      const settings = settingsOf(flags);
      const template = await markTemplate(flags, context);
      if (template === "bad") return context.end(EXIT.usage);
      const jobs = jobsOf(flags) ?? settings.markConcurrency ?? availableParallelism();
      const record = flags.record === undefined ? null : String(flags.record);
      const places = await findPlaces({ input, output, record }, context);
      const chosen = template ?? { operator: operatorOfSpec(settings.mark), values: {} };
      const { openFileMarker } = await import("./file-marker.ts");
      await using marker = await openFileMarker(chosen, settings, jobs);
      const telling = new Telling(flags.json ? markJson(context.output) : markWords(context.output), places);
      const { signal } = context;
      try {
        await markFiles(places.pictures, marker, {
          existing: flags.existing as Existing,
          jobs,
          memoryBudgetBytes: jobs * FILES_PER_MARK,
          onSettled: telling.settled,
          signal,
        });
      } catch (error) {
        telling.end(true);
        context.output.notice("What is there is whole. To go on: the same command with --existing keep.");
        throw error;
      }
      context.end(telling.end(false));
    },
  );
}

/** @throws AppError `config.invalid`. */
function jobsOf({ jobs }: Readonly<Record<string, unknown>>): number | undefined {
  if (jobs === undefined) return undefined;
  const count = Number(jobs);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_JOBS) return count;
  throw new AppError("config.invalid", `--jobs is a whole number from 1 to ${MOST_JOBS}, not “${jobs}”.`);
}

/** Counts, and tells the report. */
class Telling {
  readonly #report: MarkReport;
  readonly #places: Places;
  readonly #startedAtMs = systemClock.now();
  readonly #counts = { marked: 0, kept: 0, failed: 0 };

  constructor(report: MarkReport, places: Places) {
    this.#report = report;
    this.#places = places;
  }

  readonly settled = (outcome: FileOutcome): void => {
    this.#counts[outcome.state]++;
    this.#report.settled(outcome, this.#totals());
  };

  end(interrupted: boolean): ExitCode {
    this.#report.summary({ ...this.#totals(), interrupted });
    return this.#counts.failed > 0 ? EXIT.failedPictures : EXIT.done;
  }

  #totals() {
    const { pictures, ignored } = this.#places;
    const seconds = (systemClock.now() - this.#startedAtMs) / 1_000;
    return { found: pictures.length, ...this.#counts, ignored, seconds };
  }
}
