import { type CoefficientKernel, type KernelScan, SCAN_KIND } from "../wasm/coefficient-kernel.ts";
import { KERNEL_STATUS } from "../wasm/jpeg-kernel.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { optimalTable } from "./optimal-table.ts";

/** A coded scan, without its header. */
export interface WrittenScan {
  /** The DHT segment that must stand before the header; empty where the scan needs no table. */
  readonly tables: Uint8Array;
  /** The entropy-coded data, without the marker behind them. */
  readonly bytes: Uint8Array;
}

/**
 * Codes the kernel's coefficients as one scan, with Huffman tables made for it. `null`: a value is larger than any that
 * 8-bit samples can need.
 * @param restartInterval MCUs between restart markers; 0: there are none.
 */
export function writeScan(
  kernel: CoefficientKernel,
  scan: KernelScan,
  restartInterval: number,
): WrittenScan | null {
  kernel.beginScan(scan);
  if (kernel.count(scan, restartInterval) !== KERNEL_STATUS.ok) return null;
  const payload: number[] = [];
  for (const [kind, number] of tablesOf(scan)) {
    const spec = optimalTable(kernel.counts(kind, number));
    kernel.setWriteTable(kind, number, spec);
    payload.push((kind === "dc" ? 0 : 0x10) | number, ...spec);
  }
  const length = payload.length + 2;
  const tables = Uint8Array.from(
    payload.length > 0 ? [0xff, 0xc4, length >> 8, length & 255, ...payload] : [],
  );
  const output = new GrowingBytes();
  if (kernel.write(scan, restartInterval, output.appendCopy) !== KERNEL_STATUS.ok) return null;
  return { tables, bytes: output.finish() };
}

/** The Huffman tables that a scan needs, each once. */
function tablesOf({ kind, components }: KernelScan): [kind: "dc" | "ac", number: number][] {
  const numbers = (of: (each: KernelScan["components"][number]) => number) => [
    ...new Set(components.map(of)),
  ];
  const dc = kind === SCAN_KIND.sequential || kind === SCAN_KIND.dcFirst;
  const ac = kind !== SCAN_KIND.dcFirst && kind !== SCAN_KIND.dcRefine;
  return [
    ...(dc ? numbers(({ dcTable }) => dcTable) : []).map((number) => ["dc", number] as ["dc", number]),
    ...(ac ? numbers(({ acTable }) => acTable) : []).map((number) => ["ac", number] as ["ac", number]),
  ];
}
