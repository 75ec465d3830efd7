import { spawn } from "node:child_process";
import { access, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { AppError } from "#kernel/errors.ts";

/** The first `envoy` on the path; `null`: there is none. */
export async function findEnvoy(path: string): Promise<string | null> {
  for (const folder of path.split(delimiter)) {
    const program = join(folder, "envoy");
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== "" && found) return program;
  }
  return null;
}

/** Lets Envoy itself judge a configuration (`--mode validate`). It listens on nothing.
 *  @throws AppError `config.invalid` with Envoy's words, `unavailable` when it cannot be run. */
export async function checkWithEnvoy(
  program: string,
  bootstrapJson: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-envoy-"));
  try {
    const file = join(folder, "envoy.json");
    await writeFile(file, bootstrapJson);
    const { code, text } = await run(program, ["--mode", "validate", "-l", "error", "-c", file], signal);
    if (code === 0) return;
    const words = text.replaceAll(file, "the configuration").trim().split("\n").at(-1) ?? "";
    throw new AppError("config.invalid", `Envoy refuses it: ${words.slice(0, 2_000)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], signal });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text = (text + chunk).slice(-64_000);
      });
    child.once("error", (cause) => {
      const failure = new AppError("unavailable", `${program} cannot be run (${cause.message}).`, { cause });
      reject(signal.aborted ? AppError.from(cause) : failure);
    });
    child.once("close", (code) => resolve({ code, text }));
  });
}
