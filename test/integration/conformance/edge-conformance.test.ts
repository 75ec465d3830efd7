import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeReal, real } from "../../support/real-components.ts";
import { compileConformanceSchema } from "./conformance-schema.ts";

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const TIMEOUT_MS = 300_000;

describeReal("the edge under the Connect conformance suite", ["conformance"], () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "platemark-conformance-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test(
    "passes every case for Connect, gRPC and gRPC-Web, over HTTP/1.1 and HTTP/2, with TLS and without",
    async () => {
      const runner = real("conformance")!;
      const schema = await compileConformanceSchema(runner, dir);
      const server = [process.execPath, beside("./conformance-program.ts"), schema];
      const { code, output } = await run(runner, [
        "--conf",
        beside("./server-config.yaml"),
        "--mode",
        "server",
        // Enough for two cores; deadlines are among the cases.
        "--max-servers",
        "2",
        "--",
        ...server,
      ]);
      expect({ code, failures: output.match(/^FAILED: .*$/gm) ?? [] }, output.slice(-4_000)).toEqual({
        code: 0,
        failures: [],
      });
      const [, total] = /^Total cases: (\d+)$/m.exec(output) ?? [];
      expect(Number(total)).toBeGreaterThan(4_000);
    },
    TIMEOUT_MS,
  );
});

async function run(program: string, args: readonly string[]) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, output };
}
