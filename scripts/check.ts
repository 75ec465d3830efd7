/** `npm run check`: everything that can be judged without running the product. Each step is one line when it is well. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LONGEST_FILE = 500;
const GENERATED = ["shared/contracts/gen", "server/xds/gen"];

interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

function run(command: string, args: readonly string[], cwd = process.cwd()): Finding {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  return { ok: status === 0, text: `${stdout}${stderr}`.trim() };
}

const bin = (name: string) => join(process.cwd(), "node_modules", ".bin", name);
const trackedFiles = () => run("git", ["ls-files", "-co", "--exclude-standard"]).text.split("\n");

/** Biome's own proof: on the illegal tree each of these rules must fire. */
function biomeRulesFire(): Finding {
  const folder = mkdtempSync(join(tmpdir(), "platemark-biome-"));
  try {
    cpSync("test/fixtures/illegal", folder, { recursive: true });
    const {
      vcs: _vcs,
      files: _files,
      $schema: _schema,
      ...rules
    } = JSON.parse(readFileSync("biome.json", "utf8"));
    writeFileSync(join(folder, "biome.json"), JSON.stringify(rules));
    const { text } = run(bin("biome"), ["lint", "--max-diagnostics=none", "--reporter=json", "."], folder);
    const { diagnostics } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
    const fired = diagnostics.map(
      (diagnostic: { category: string; location: { path: string | { file: string } } }) =>
        `${diagnostic.category.split("/").at(-1)} ${typeof diagnostic.location.path === "string" ? diagnostic.location.path : diagnostic.location.path.file}`,
    );
    const wanted = [
      "noRestrictedImports electron/main/raw-ipc.ts",
      "noRestrictedImports electron/preload/raw-ipc.ts",
      "noNodejsModules renderer/node-in-page.ts",
    ];
    const silent = wanted.filter((each) => !fired.some((one: string) => one.replace("./", "") === each));
    return { ok: silent.length === 0, text: silent.map((each) => `does not fire: ${each}`).join("\n") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function generatedCodeIsCurrent(): Finding {
  const folder = mkdtempSync(join(tmpdir(), "platemark-gen-"));
  try {
    const lint = run(bin("buf"), ["lint"]);
    if (!lint.ok) return lint;
    for (const generate of [
      () => run(bin("buf"), ["generate", "--output", folder]),
      () => run(process.execPath, ["scripts/generate-xds.ts", "--output", folder]),
    ]) {
      const generated = generate();
      if (!generated.ok) return generated;
    }
    const findings = GENERATED.map((path) =>
      run("git", ["diff", "--no-index", "--stat", join(folder, path), path]),
    );
    return { ok: findings.every(({ ok }) => ok), text: findings.map(({ text }) => text).join("\n") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesAreShort(): Finding {
  const long = trackedFiles()
    .filter(
      (path) =>
        /\.(ts|tsx|mjs|css)$/.test(path) && !GENERATED.some((folder) => path.startsWith(`${folder}/`)),
    )
    .map((path) => ({ path, lines: readFileSync(path, "utf8").split("\n").length }))
    .filter(({ lines }) => lines > LONGEST_FILE);
  return {
    ok: long.length === 0,
    text: long.map(({ path, lines }) => `${path} has ${lines} lines`).join("\n"),
  };
}

function versionsArePinned(): Finding {
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)),
  );
  return { ok: loose.length === 0, text: loose.map(([name, version]) => `${name} is ${version}`).join("\n") };
}

const steps: readonly (readonly [string, () => Finding])[] = [
  ["types", () => run(bin("tsc"), ["-b", "--pretty", "false"])],
  ["format and lint", () => run(bin("biome"), ["ci", "--reporter=summary", "."])],
  ["lint rules fire on illegal code", biomeRulesFire],
  ["rooms", () => run(process.execPath, ["scripts/check-rooms.ts"])],
  ["generated code is current", generatedCodeIsCurrent],
  ["WebAssembly is current", () => run(process.execPath, ["scripts/build-wasm.ts", "--check"])],
  [`no file above ${LONGEST_FILE} lines`, filesAreShort],
  ["versions pinned", versionsArePinned],
  ["wire forms in the docs are current", () => run(process.execPath, ["scripts/wire-forms.ts", "--check"])],
  ["third-party notices current", () => run(process.execPath, ["scripts/third-party-notices.ts", "--check"])],
];

let failed = 0;
for (const [title, step] of steps) {
  const started = performance.now();
  const { ok, text } = step();
  process.stdout.write(
    `${ok ? "ok    " : "FAILED"} ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
  );
  if (!ok) {
    failed += 1;
    process.stdout.write(`${text}\n`);
  }
}
process.exit(failed > 0 ? 1 : 0);
