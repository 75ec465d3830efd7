import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ProofPublicKey, ProofRecord } from "#contracts/proof-record.ts";
import type { PairCheck } from "#imaging/proof/check-pair.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";
import { verifyJson, verifyWords } from "./verify-report.ts";

export function addVerifyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("verify")
    .argument("<original>", "the picture without its mark")
    .argument("<marked>", "the same picture with it")
    .description("prove that nothing but the mark changed")
    .option("--record <file>", "the proof record that came with the marked picture")
    .option("--key <file>", "public key of who signed it, JWK or PEM; without it: this computer's own")
    .option("--json", "one JSON object on standard output")
    .addHelpText(
      "after",
      "\nExit codes: 0 proven, 1 not proven, 2 wrong usage, 3 a file cannot be read\n\nExample:\n  platemark verify shoot/0001.jpg marked/0001.jpg --record 0001.proof.json --key studio.pem\n",
    );
  addSettingFlags(command).action(
    async (original: string, marked: string, flags: Record<string, unknown>) => {
      const { output } = context;
      try {
        const { check, record } = await checkFiles(original, marked, flags);
        const { proven, lines } = verifyWords(check, record);
        if (flags.json) output.line(JSON.stringify(verifyJson(check, record)));
        else for (const line of lines) output.line(line);
        context.end(proven ? EXIT.done : EXIT.failedPictures);
      } catch (error) {
        const failure = AppError.from(error);
        if (flags.json) output.line(JSON.stringify({ proven: false, reason: failure.code }));
        output.notice(failure.message);
        if (USAGE.has(failure.code)) output.notice("Try: platemark verify --help");
        context.end(exitCodeOf(failure.code));
      }
    },
  );
}

const USAGE: ReadonlySet<ErrorCode> = new Set(["invalid_argument", "not_found", "config.invalid"]);

function exitCodeOf(code: ErrorCode): ExitCode {
  if (USAGE.has(code)) return EXIT.usage;
  return code.startsWith("picture.") ? EXIT.failedPictures : EXIT.environment;
}

async function checkFiles(
  original: string,
  marked: string,
  flags: Readonly<Record<string, unknown>>,
): Promise<{ readonly check: PairCheck; readonly record: ProofRecord | null }> {
  const record = flags.record === undefined ? null : await recordFrom(String(flags.record));
  const key = record && (await keyFor(record, flags));
  const pair = { original: await bytesOf(original), marked: await bytesOf(marked) };
  const { loadProofTools } = await import("../../server/adapters/proof/proof-tools.ts");
  const { checkPair, checkPairWithRecord } = await import("#imaging/proof/check-pair.ts");
  const tools = await loadProofTools();
  const check =
    record && key ? await checkPairWithRecord(pair, record, key, tools) : await checkPair(pair, tools);
  return { check, record };
}

async function recordFrom(path: string): Promise<ProofRecord> {
  const { parseRecord } = await import("#imaging/proof/sign-record.ts");
  return parseRecord(await bytesOf(path));
}

/** @throws AppError `invalid_argument` when nobody has said whose the record's signature should be. */
async function keyFor(
  record: ProofRecord,
  flags: Readonly<Record<string, unknown>>,
): Promise<ProofPublicKey> {
  const { parsePublicKey, publicKeyOf } = await import("#imaging/proof/sign-record.ts");
  if (flags.key !== undefined)
    return parsePublicKey(new TextDecoder().decode(await bytesOf(String(flags.key))));
  const { findProofKey, proofKeyPath } = await import("../../server/proof-key.ts");
  const settings = settingsOf(flags);
  const own = await findProofKey({ path: proofKeyPath(settings.home), setting: settings.proofKey });
  if (own?.x === record.key.x) return publicKeyOf(own);
  throw new AppError(
    "invalid_argument",
    "This record was not signed on this computer. Name the public key of whoever signed it with --key FILE.",
  );
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw isMissing
      ? new AppError("not_found", `${path} is not there.`, { cause })
      : new AppError("file.unreadable", `${path} cannot be read.`, { cause });
  }
}
