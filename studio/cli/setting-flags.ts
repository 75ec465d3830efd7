import type { Command } from "commander";
import { Option } from "commander";
import { ANCHORS, markSpecSchema } from "#contracts/mark-spec.ts";
import { environmentName, flagName, type Settings, settingsSchema } from "#contracts/settings.ts";
import { AppError } from "#kernel/errors.ts";
import { readSettings } from "../read-settings.ts";

/** Flags of parts of the mark, by their name in a mark spec. */
export const MARK_FLAGS = [
  ["text", "<text>", "what is written on each picture"],
  ["position", "<anchor>", `${ANCHORS.slice(0, 3).join(", ")} … ${ANCHORS.at(-1)}`],
  ["opacity", "<0…1>", "0: invisible, 1: opaque"],
  ["size", "<0…1>", "height of the text ÷ the picture's short side"],
  ["color", "<#rrggbb>", "of the text"],
  ["margin", "<0…0.5>", "distance from the edge ÷ the short side"],
  ["rotation", "<degrees>", "clockwise"],
  ["font", "<family>", "Inter or Noto Sans SC"],
  ["weight", "<400|600>", "of the font"],
] as const;
const NUMBERS = new Set(["opacity", "size", "margin", "rotation", "weight"]);

const settingNames = Object.keys(settingsSchema.shape).filter((name) => name !== "mark");

/** Gives a command a flag for every setting. All but `--home` are listed in docs/guides/settings.md, not in the help,
 *  which fits a screen. */
export function addSettingFlags(command: Command): Command {
  for (const name of settingNames) {
    const option = new Option(`${flagName(name)} <value>`, `also ${environmentName(name)}`);
    command.addOption(name === "home" ? new Option("--home <folder>", "all local data") : option.hideHelp());
  }
  return command;
}

/** Gives a command the flags of the mark. */
export function addMarkFlags(command: Command): Command {
  command.addOption(
    new Option("--template <file>", "mark with a template instead of a text").helpGroup("The mark:"),
  );
  command.addOption(
    new Option(
      "--set <name=value>",
      "what the template asks of the job: JOBCODE, CLIENT, SKU, …; again for another",
    )
      .argParser((text, before: readonly string[] = []) => [...before, text])
      .helpGroup("The mark:"),
  );
  for (const [name, value, description] of MARK_FLAGS)
    command.addOption(new Option(`--${name} ${value}`, description).helpGroup("The mark:"));
  return command;
}

/** The settings of a command with these flags. @throws AppError `config.invalid`. */
export function settingsOf(flags: Readonly<Record<string, unknown>>): Settings {
  const named = Object.fromEntries(settingNames.map((name) => [name, flags[name]]));
  const mark = MARK_FLAGS.flatMap(([name]) => {
    const value = flags[name];
    if (value === undefined) return [];
    if (name === "position") return [[name, String(value).replaceAll("-", "_")]];
    return [[name, NUMBERS.has(name) && value !== "" ? Number(value) : value]];
  });
  checkMark(Object.fromEntries(mark));
  return readSettings({
    flags: { ...named, ...(mark.length > 0 && { mark: Object.fromEntries(mark) }) },
    environment: process.env,
  });
}

/** @throws AppError `config.invalid` that names the flag. */
function checkMark(mark: Readonly<Record<string, unknown>>): void {
  const issue = markSpecSchema.partial().safeParse(mark).error?.issues[0];
  if (issue) {
    const flag = flagName(String(issue.path[0]));
    throw new AppError("config.invalid", `The flag ${flag} is wrong: ${issue.message}.`, {
      details: { setting: flag },
    });
  }
}
