import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type PictureSize, Preprocessor } from "#imaging/preprocessor.ts";
import { photo, samples } from "../fixtures/pictures/pictures.ts";
import { real } from "../support/real-components.ts";
import { runWasiHere } from "../support/wasi-here.ts";

const MODULE = fileURLToPath(new URL("../../resources/wasm/preprocess.wasm", import.meta.url));

/** Node's WASI. */
const IN_NODE = `
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
const [file, ...options] = process.argv.slice(1);
const wasi = new WASI({ version: "preview1", args: ["preprocess", ...options] });
const { instance } = await WebAssembly.instantiate(readFileSync(file), wasi.getImportObject());
process.exitCode = wasi.start(instance);
`;

/** wasmtime, through the Python package of that name. */
const IN_WASMTIME = `
import sys
from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig
file, *options = sys.argv[1:]
engine = Engine()
config = WasiConfig()
config.argv = ["preprocess", *options]
config.inherit_stdin(); config.inherit_stdout(); config.inherit_stderr()
store = Store(engine); store.set_wasi(config)
linker = Linker(engine); linker.define_wasi()
instance = linker.instantiate(store, Module.from_file(engine, file))
try:
    instance.exports(store)["_start"](store)
except ExitTrap as trap:
    sys.exit(trap.code)
`;

const python = real("python");
const hasWasmtime = python !== undefined && spawnSync(python, ["-c", "import wasmtime"]).status === 0;
if (!hasWasmtime && process.env.REQUIRE_REAL === "1")
  throw new Error("REQUIRE_REAL=1, but PLATEMARK_TEST_PYTHON has no wasmtime: pip install wasmtime.");

interface Ended {
  readonly status: number | null;
  readonly output: Buffer;
  readonly complaints: string;
}

type Runtime = (options: readonly string[], input: Uint8Array) => Promise<Ended>;

async function end(child: ChildProcess, input: Uint8Array): Promise<Ended> {
  const output: Buffer[] = [];
  let complaints = "";
  child.stdout!.on("data", (piece: Buffer) => output.push(piece));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  // A command that refuses its options does not read.
  child.stdin!.on("error", () => {});
  child.stdin!.end(input);
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, output: Buffer.concat(output), complaints };
}

const inNode: Runtime = (options, input) =>
  end(
    spawn(process.execPath, [
      "--no-warnings",
      "--input-type=module",
      "-e",
      IN_NODE,
      "--",
      MODULE,
      ...options,
    ]),
    input,
  );
const inWasmtime: Runtime = (options, input) =>
  end(spawn(python!, ["-c", IN_WASMTIME, MODULE, ...options]), input);

const ppm = (width: number, height: number, rgb: Uint8Array) =>
  Buffer.concat([Buffer.from(`P6\n# by a test\n${width} ${height}\n255\n`), rgb]);
const pam = ({ width, height, samples }: PictureSize & { readonly samples: Uint8Array }) =>
  Buffer.concat([
    Buffer.from(`P7\nWIDTH ${width}\nHEIGHT ${height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n`),
    samples,
  ]);
const hexHash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let preprocessor: Preprocessor;
beforeAll(async () => {
  preprocessor = await Preprocessor.load();
});

describe.each<[string, Runtime, boolean]>([
  ["Node", inNode, true],
  ["wasmtime", inWasmtime, hasWasmtime],
])("the WASI command in %s", (_, run, there) => {
  const SIZE = { width: 300, height: 200 };
  const rgba = { ...SIZE, samples: samples(SIZE, 4) };

  test.skipIf(!there)("makes the page's and Node's bytes of pixels with alpha", async () => {
    const options = ["--resize", "64", "--orientation", "6", "--sha256"];
    const { status, output, complaints } = await run(options, pam(rgba));
    expect({ status, complaints }).toEqual({ status: 0, complaints: `${hexHash(pam(rgba))}\n` });
    const thumbnail = preprocessor.thumbnail(rgba, { maxSide: 64, orientation: 6 });
    expect(output.equals(pam(thumbnail))).toBe(true);
  });

  test.skipIf(!there)("makes a grey picture of a coloured one", async () => {
    const rgb = samples(SIZE, 3);
    const { output } = await run(["--grey"], ppm(SIZE.width, SIZE.height, rgb));
    const opaque = new Uint8Array(await photo(SIZE).ensureAlpha().raw().toBuffer());
    const grey = preprocessor.greyscale({ ...SIZE, samples: opaque }).samples.filter((_, i) => i % 4 === 0);
    expect(output.equals(Buffer.concat([Buffer.from("P5\n300 200\n255\n"), grey]))).toBe(true);
  });

  test.skipIf(!there)("hashes anything", async () => {
    const input = Buffer.alloc(200_001, "no picture at all ");
    const { status, output } = await run(["--sha256"], input);
    expect({ status, output: output.toString() }).toEqual({ status: 0, output: `${hexHash(input)}\n` });
  });

  test.skipIf(!there).each<[string, string[], Uint8Array, number, RegExp]>([
    ["no option", [], ppm(1, 1, new Uint8Array(3)), 2, /give at least one of/],
    ["an unknown option", ["--blue"], ppm(1, 1, new Uint8Array(3)), 2, /give at least one of/],
    ["orientation 9", ["--orientation", "9"], ppm(1, 1, new Uint8Array(3)), 2, /1\.\.8/],
    ["size 0", ["--resize", "0"], ppm(1, 1, new Uint8Array(3)), 2, /1 to 65535/],
    ["nothing", ["--grey"], new Uint8Array(0), 1, /head is not complete/],
    ["no picture", ["--grey"], Buffer.from("GIF89a "), 1, /the picture is none/],
    ["no width", ["--grey"], ppm(0, 1, new Uint8Array(3)), 1, /not from 1 to 65535/],
    ["too wide", ["--grey"], ppm(65_536, 1, new Uint8Array(3)), 1, /not from 1 to 65535/],
    ["too large", ["--grey"], ppm(65_535, 65_535, new Uint8Array(3)), 1, /not enough memory/],
    ["16 bits", ["--grey"], Buffer.from("P6\n1 1\n65535\n123456"), 1, /only samples of 8 bits/],
    [
      "a PAM of 4 bits",
      ["--grey"],
      Buffer.from("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 15\nENDHDR\n1"),
      1,
      /MAXVAL of 255/,
    ],
    ["an end that is missing", ["--resize", "1"], ppm(9, 9, new Uint8Array(242)), 1, /end is missing/],
  ])("says what is wrong with %s", async (_, options, input, status, complaint) => {
    const ended = await run(options, input);
    expect(ended).toMatchObject({ status, output: Buffer.alloc(0) });
    expect(ended.complaints).toMatch(/^preprocess: [^\n]+\n$/);
    expect(ended.complaints).toMatch(complaint);
  });
});

describe("the WASI command on anything at all", () => {
  test("ends with a picture or a complaint, never with a trap", async () => {
    const module = await WebAssembly.compile(await readFile(MODULE));
    const good = [ppm(7, 5, new Uint8Array(105)), pam({ width: 5, height: 9, samples: new Uint8Array(180) })];
    const damaged = fc
      .tuple(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }),
        fc.nat(300),
      )
      .map(([picture, changes, length]) => {
        const bytes = Uint8Array.from(picture.subarray(0, Math.max(length, 8)));
        for (const [place, value] of changes) bytes[place % Math.min(bytes.length, 80)] = value;
        return bytes;
      });
    const options = fc.constantFrom(
      ["--grey"],
      ["--resize", "3"],
      ["--orientation", "5", "--sha256"],
      ["--resize", "65535", "--orientation", "8"],
    );
    await fc.assert(
      fc.asyncProperty(
        options,
        fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })),
        async (chosen, input) => {
          const { status, output, complaints } = await runWasiHere(module, chosen, input);
          expect([0, 1]).toContain(status);
          expect(output.length + complaints.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
