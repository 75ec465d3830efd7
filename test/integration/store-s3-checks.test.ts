import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningStore, runStore, storeCredentials } from "../support/embedded-store.ts";
import { describeReal, minioCredentials, real } from "../support/real-components.ts";

/** The black-box checks lie beside the project, not in it: they know nothing of our code. */
const checks =
  process.env.PLATEMARK_S3_CHECKS ?? fileURLToPath(new URL("../../../shared/checks", import.meta.url));
const knownPath = fileURLToPath(new URL("../fixtures/s3/known-differences.txt", import.meta.url));
/** Where MinIO's status is a defect of its own; the list says why. */
const OTHER_STATUS = ["tag junk"];

function python(script: string, env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 2 ** 24 };
    execFile(real("python")!, [`${checks}/${script}`], options, (error, stdout, stderr) => {
      // A check that fails ends with 1 and says why on stdout; anything else is a broken check.
      if (error && (error.code !== 1 || stderr.includes("Traceback")))
        reject(new Error(stderr || error.message));
      else resolve(stdout);
    });
  });
}

const present = existsSync(`${checks}/s3_accept.py`);
test.skipIf(present || process.env.REQUIRE_REAL !== "1")("the S3 checks are there", () => {
  expect.fail(`REQUIRE_REAL=1, but there is no s3_accept.py in ${checks}. Set PLATEMARK_S3_CHECKS.`);
});

const suite = present
  ? describeReal
  : (title: string, _components: unknown, body: () => void) =>
      describe.skip(`${title} (skipped: no S3 checks beside the project)`, body);

suite("the embedded store under the S3 acceptance checks", ["python"], () => {
  let store: RunningStore;
  beforeAll(async () => {
    store = await runStore();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test("passes every must and all but one should", async () => {
    const output = await python("s3_accept.py", {
      S3_ENDPOINT: store.client.origin,
      S3_ACCESS: storeCredentials.accessKey,
      S3_SECRET: storeCredentials.secretKey,
    });
    const count = (level: string) => {
      const [, passed, of] = new RegExp(`-- ${level}: (\\d+)/(\\d+) ok`).exec(output) ?? [];
      return { passed: Number(passed), of: Number(of) };
    };
    expect(output.split("\n").filter((line) => /^\S+ +M NOT OK/.test(line))).toEqual([]);
    expect(count("must")).toEqual({ passed: 51, of: 51 });
    expect(count("should").passed).toBeGreaterThanOrEqual(21);
  }, 120_000);
});

suite("the embedded store beside MinIO", ["python", "minio"], () => {
  let store: RunningStore;
  beforeAll(async () => {
    store = await runStore();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test("answers alike but for the known differences, none of which is in a status or code a client reads", async () => {
    const known = readFileSync(knownPath, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of known) expect(line).toMatch(/^[^#]+ # .{20,}/);
    const output = await python("s3_diff.py", {
      A_ENDPOINT: real("minio")!,
      A_ACCESS: minioCredentials.accessKey,
      A_SECRET: minioCredentials.secretKey,
      B_ENDPOINT: store.client.origin,
      B_ACCESS: storeCredentials.accessKey,
      B_SECRET: storeCredentials.secretKey,
      KNOWN: "",
    });
    const lines = output.split("\n").filter((line) => / vs /.test(line));
    const names = lines.map((line) => line.slice(0, line.indexOf(":")));
    expect(names.toSorted()).toEqual(known.map((line) => line.split("#")[0]!.trim()).toSorted());
    const otherStatus = lines.filter((line) => /[:;] (status|code): /.test(line));
    expect(otherStatus.map((line) => line.slice(0, line.indexOf(":")))).toEqual(OTHER_STATUS);
  }, 120_000);
});
