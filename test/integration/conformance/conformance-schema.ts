import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const run = promisify(execFile);
const PACKAGE = "connectrpc.conformance.v1";

/**
 * Compiles the proto files of the runner's own Go module, in the runner's version, into one descriptor set below `dir`.
 * They are published nowhere else, and none of them is kept in this project.
 */
export async function compileConformanceSchema(runner: string, dir: string): Promise<string> {
  const { stdout: build } = await run("go", ["version", "-m", runner]);
  const [, module, version] = /^\s*mod\s+(\S+)\s+(\S+)/m.exec(build) ?? [];
  if (module === undefined) throw new Error(`${runner} does not say which module it is of.`);
  const { stdout: found } = await run("go", ["mod", "download", "-json", `${module}@${version}`], {
    cwd: dir,
  });
  const { Dir } = JSON.parse(found) as { readonly Dir: string };
  const path = join(dir, "conformance.binpb");
  await run("buf", ["build", join(Dir, "proto"), "-o", path], { cwd: dir });
  return path;
}

/** What the conformance programs need of that set. */
export class ConformanceSchema {
  readonly registry: FileRegistry;

  private constructor(registry: FileRegistry) {
    this.registry = registry;
  }

  static async read(path: string): Promise<ConformanceSchema> {
    return new ConformanceSchema(
      createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(path))),
    );
  }

  get service(): DescService {
    return found(this.registry.getService(`${PACKAGE}.ConformanceService`));
  }

  message(name: string): DescMessage {
    return found(this.registry.getMessage(`${PACKAGE}.${name}`));
  }
}

function found<T>(descriptor: T | undefined): T {
  if (descriptor === undefined) throw new Error("The conformance module has other messages than expected.");
  return descriptor;
}
