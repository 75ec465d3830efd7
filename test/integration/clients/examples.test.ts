import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { uploadFrom } from "../../../docs/examples/page.ts";
import { openClientPages } from "../../support/client-page.ts";
import { describeReal, real } from "../../support/real-components.ts";
import { embeddedInstallation, type RunningServer, startServer, testFile } from "../server-harness.ts";
import { generateStubs } from "./python-stubs.ts";

/** In the page. */
declare const program: { readonly uploadFrom: typeof uploadFrom };

const run = promisify(execFile);
const EXAMPLES = "docs/examples";
/** What the client kit is made of: docs/guides/api.md says what to copy. */
const KIT = [
  "shared/contracts/client.ts",
  "shared/contracts/fetch-transport.ts",
  "shared/contracts/gen",
  "shared/kernel/errors.ts",
];
const SAYS =
  /^announced raw\/tester\/[0-9a-f-]+\.jpg\nstate uploaded\npictures [1-9]\nrefused not_found, retry never\n$/;

describe("the examples of the docs", () => {
  const stack = new AsyncDisposableStack();
  let server: RunningServer;
  let folder: string;
  beforeAll(async () => {
    server = stack.use(await startServer(stack.use(await embeddedInstallation())));
    folder = await mkdtemp(join(tmpdir(), "platemark-examples-"));
    stack.defer(() => rm(folder, { recursive: true }));
  });
  afterAll(() => stack.disposeAsync());

  /** Runs an example on a picture of its own. */
  async function example(
    program: string,
    args: readonly string[],
    env: object = {},
    cwd = ".",
  ): Promise<string> {
    const picture = join(folder, "IMG_0001.JPG");
    await writeFile(picture, testFile().bytes);
    const told = { PLATEMARK_URL: server.url, PLATEMARK_TOKEN: await server.token(), ...env };
    const options = { cwd, env: { ...process.env, ...told }, timeout: 25_000 };
    return (await run(program, [...args, picture], options)).stdout;
  }

  test("run in Node, with the client kit copied into another project", async () => {
    const project = join(folder, "project");
    await mkdir(project);
    const { imports } = JSON.parse(await readFile("package.json", "utf8"));
    await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", imports }));
    for (const path of [...KIT, `${EXAMPLES}/node.ts`])
      await cp(path, join(project, path), { recursive: true });
    for (const name of ["@bufbuild", "@connectrpc"]) {
      await mkdir(join(project, "node_modules"), { recursive: true });
      await symlink(join(process.cwd(), "node_modules", name), join(project, "node_modules", name));
    }
    expect(await example(process.execPath, [`${EXAMPLES}/node.ts`], {}, project)).toMatch(SAYS);
  });

  test("run in a shell", async () => {
    expect(await example("sh", [`${EXAMPLES}/curl.sh`])).toMatch(SAYS);
  });

  describeReal("in Python", ["python"], () => {
    test("run with generated stubs", async () => {
      const env = { PYTHONPATH: await generateStubs(stack), PLATEMARK_URL: new URL(server.url).host };
      expect(await example(real("python")!, [`${EXAMPLES}/client.py`], env)).toMatch(SAYS);
    });
  });

  describeReal("in Go", ["goExample"], () => {
    test("run with generated stubs", async () => {
      expect(await example(real("goExample")!, [], { PLATEMARK_URL: new URL(server.url).host })).toMatch(
        SAYS,
      );
    });
  });

  describeReal("in a page", ["chromium"], () => {
    test("run from another origin", async () => {
      await using pages = await openClientPages(`${EXAMPLES}/page.ts`);
      const { allowedOrigin } = pages;
      await using own = await embeddedInstallation();
      await using allowing = await startServer(own, { origins: [allowedOrigin] });
      const page = await pages.open(allowedOrigin);
      const upload = (url: string, token: string) =>
        page.evaluate(
          async ([server, token]) => {
            const states: string[] = [];
            const file = new File([crypto.getRandomValues(new Uint8Array(2_000))], "IMG_0001.JPG", {
              type: "image/jpeg",
            });
            const signal = AbortSignal.timeout(20_000);
            const onState = (state: string) => states.push(state);
            const key = await program
              .uploadFrom(file, { server, token: async () => token, onState, signal })
              .catch(String);
            return { states, key };
          },
          [url, token] as const,
        );
      expect(await upload(allowing.url, await allowing.token())).toEqual({
        states: ["announced", "sent", "uploaded"],
        key: expect.stringMatching(/^raw\/tester\//),
      });
      expect((await upload(allowing.url, "not-a-token")).key).toMatch(
        /^Error: unauthenticated \(retry: reauth\)/,
      );
      expect((await upload(server.url, await server.token())).key).toMatch(/^Error: unavailable/);
    });
  });
});
