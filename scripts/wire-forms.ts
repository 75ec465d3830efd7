/**
 * Fills docs/guides/wire-forms.md with what a running server in fact sends and receives.
 *   node scripts/wire-forms.ts            writes the page
 *   node scripts/wire-forms.ts --check    says whether it is current
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settingsSchema } from "#contracts/settings.ts";
import { systemClock } from "#kernel/clock.ts";
import { silentLogger } from "#kernel/logger.ts";
import { systemRandom } from "#kernel/random.ts";
import { createServer } from "../server/create-server.ts";
import { PICTURE, wireFormBlocks } from "./wire-forms/blocks.ts";

const PAGE = "docs/guides/wire-forms.md";
const TOKEN = "example-token";
const BLOCK = /(<!-- bytes: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g;

async function currentPage(page: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "platemark-wire-"));
  const settings = settingsSchema.parse({ home, user: "ann" });
  const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const server = createServer({ settings, auth: { kind: "launch", token: TOKEN } }, deps);
  try {
    const { url } = await server.start();
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    await fetch(`${url}/api/v1/uploads`, { method: "POST", headers, body: JSON.stringify(PICTURE) });
    const blocks = await wireFormBlocks(url, TOKEN);
    const used = new Set<string>();
    const filled = page.replace(BLOCK, (_whole, begin: string, name: string, end: string) => {
      used.add(name);
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`Nobody knows the bytes of ${name}.`);
      return `${begin}\`\`\`\n${block}\n\`\`\`\n${end}`;
    });
    const unused = [...blocks.keys()].filter((name) => !used.has(name));
    if (unused.length > 0) throw new Error(`${PAGE} has no place for ${unused.join(", ")}.`);
    return filled;
  } finally {
    await server[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  }
}

const page = readFileSync(PAGE, "utf8");
const current = await currentPage(page);
if (process.argv.includes("--check")) {
  if (current !== page) {
    process.stdout.write(`${PAGE} is not current: run node scripts/wire-forms.ts\n`);
    process.exitCode = 1;
  }
} else writeFileSync(PAGE, current);
