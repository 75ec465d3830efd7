import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { real } from "../../support/real-components.ts";

const PROTO = "shared/contracts/proto";

/** A folder with Python code for every proto file, as a user of the API makes it. */
export async function generateStubs(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "platemark-stubs-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const files = (await readdir(join(PROTO, "platemark/v1"))).map((name) => `platemark/v1/${name}`);
  const out = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
  await promisify(execFile)(real("python")!, ["-m", "grpc_tools.protoc", `-I${PROTO}`, ...out, ...files]);
  return folder;
}
