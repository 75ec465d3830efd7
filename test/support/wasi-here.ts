export interface WasiRun {
  readonly status: number;
  readonly output: Buffer;
  readonly complaints: string;
  readonly memoryBytes: number;
}

class Exit extends Error {}

/** Runs a WASI command in this process, its standard streams in memory, so that thousands of runs take seconds.
 *  Throws what traps in it. */
export async function runWasiHere(
  module: WebAssembly.Module,
  options: readonly string[],
  input: Uint8Array,
): Promise<WasiRun> {
  const args = ["preprocess", ...options].map((text) => Buffer.from(`${text}\0`));
  const written: Record<number, Buffer[]> = { 1: [], 2: [] };
  let [at, status] = [0, 0];
  let memory: WebAssembly.Memory;
  const view = () => new DataView(memory.buffer);
  const imports = {
    args_sizes_get(count: number, bytes: number) {
      view().setUint32(count, args.length, true);
      view().setUint32(bytes, Buffer.concat(args).length, true);
      return 0;
    },
    args_get(addresses: number, bytes: number) {
      let to = bytes;
      for (const [i, arg] of args.entries()) {
        view().setUint32(addresses + 4 * i, to, true);
        new Uint8Array(memory.buffer).set(arg, to);
        to += arg.length;
      }
      return 0;
    },
    fd_read(_file: number, piece: number, _count: number, done: number) {
      // Few at a time, as a pipe may give them.
      const taken = input.subarray(at, at + Math.min(view().getUint32(piece + 4, true), 1000));
      new Uint8Array(memory.buffer).set(taken, view().getUint32(piece, true));
      view().setUint32(done, taken.length, true);
      at += taken.length;
      return 0;
    },
    fd_write(file: number, piece: number, _count: number, done: number) {
      const from = view().getUint32(piece, true);
      const length = view().getUint32(piece + 4, true);
      written[file]!.push(Buffer.from(memory.buffer.slice(from, from + length)));
      view().setUint32(done, length, true);
      return 0;
    },
    proc_exit(code: number) {
      status = code;
      throw new Exit();
    },
  };
  const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports });
  memory = exports.memory as WebAssembly.Memory;
  try {
    (exports._start as () => void)();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return {
    status,
    output: Buffer.concat(written[1]!),
    complaints: Buffer.concat(written[2]!).toString(),
    memoryBytes: memory.buffer.byteLength,
  };
}
