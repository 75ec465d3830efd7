import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import { addSettingFlags, settingsOf } from "./setting-flags.ts";

export function addProofCommand(program: Command, context: CommandContext): void {
  const key = program
    .command("proof")
    .description("the key that proofs are signed with")
    .command("key")
    .description("print its public half, for those who check your records; made when there is none yet")
    .option("--pem", "as PEM instead of JWK")
    .addHelpText("after", "\nExample:\n  platemark proof key --pem > studio.pem\n");
  addSettingFlags(key).action(async (flags: Record<string, unknown>) => {
    const settings = settingsOf(flags);
    const { loadProofKey, proofKeyPath } = await import("../../server/proof-key.ts");
    const { publicKeyOf, publicKeyPem } = await import("#imaging/proof/sign-record.ts");
    const own = await loadProofKey({ path: proofKeyPath(settings.home), setting: settings.proofKey });
    context.output.line(flags.pem ? publicKeyPem(own).trimEnd() : JSON.stringify(publicKeyOf(own)));
    context.end(EXIT.done);
  });
}
