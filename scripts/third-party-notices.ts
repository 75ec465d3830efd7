/**
 * Writes THIRD-PARTY-NOTICES.md: name, version, licence and licence text of every package that the programs ship
 * (the dependencies, and what the window's bundle contains). `--check` compares instead of writing.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "THIRD-PARTY-NOTICES.md";
/** Dev dependencies that end up in the window's bundle. */
const BUNDLED = [
  "react",
  "react-dom",
  "zustand",
  "@tanstack/react-virtual",
  "@expo-google-fonts/inter",
  "@codemirror/autocomplete",
  "@codemirror/commands",
  "@codemirror/language",
  "@codemirror/lint",
  "@codemirror/state",
  "@codemirror/view",
  "@lezer/highlight",
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Platform binaries differ from machine to machine; their source package stands for them. */
function collect(
  name: string,
  from: string,
  found: Map<string, { manifest: Manifest; folder: string }>,
): void {
  const nested = join(from, "node_modules", name);
  const folder = existsSync(nested) ? nested : join("node_modules", name);
  if (!existsSync(folder)) return;
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const id = `${manifest.name} ${manifest.version}`;
  if (found.has(id)) return;
  found.set(id, { manifest, folder });
  for (const dependency of Object.keys(manifest.dependencies ?? {})) collect(dependency, folder, found);
}

const found = new Map<string, { manifest: Manifest; folder: string }>();
const root: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
for (const name of [...Object.keys(root.dependencies ?? {}), ...BUNDLED]) collect(name, ".", found);

const sections = [...found.entries()]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([id, { manifest, folder }]) => {
    const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying|ofl)/i.test(name));
    const text = file ? readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim() : "";
    return `## ${id}\n\nLicence: ${manifest.license ?? "see below"}\n${text ? `\n\`\`\`text\n${text}\n\`\`\`\n` : ""}`;
  });
const content = `# Third-party notices

Platemark ships the packages below. The fonts in \`resources/fonts\` are under the SIL Open Font License 1.1, whose text
stands beside them. The code in \`server/xds/gen\` is generated from proto files
of Envoy, xDS and Google APIs (Apache License 2.0). sharp's prebuilt binaries contain libvips (LGPL-3.0-or-later) and the libraries it is linked with.

${sections.join("\n")}`;

if (!process.argv.includes("--check")) writeFileSync(FILE, content);
else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== content) {
  process.stderr.write(`${FILE} is out of date: node scripts/third-party-notices.ts\n`);
  process.exit(1);
}
