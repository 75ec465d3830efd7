/**
 * AssemblyScript, not TypeScript: all quantised coefficients of a JPEG, read, changed in the blocks that a mark touches,
 * and written again in the file's own scans. Compiled by `npm run build:wasm`, driven by ../../coefficient-kernel.ts. No
 * allocation, no imports: all that is read or written lies at the places of memory-map.ts, or where it is told.
 */

import { COEFFICIENTS, SPEC, ZIGZAG } from "../memory-map";
import { openInput } from "../scan-input";
import { WRITING } from "./memory-map";

export { addChanges, toSamples } from "../block-samples";
export { cleanBytes, markerFound, unstuff } from "../scan-input";
export { readMcusArithmetic, setConditioning } from "./read-arithmetic";
export { readMcus } from "./read-scan";
export { setReadTable } from "./reading-tables";
export { addScanBlock, beginScan } from "./scan-blocks";
export { finishWriting, startWriting, writeMcus } from "./write-scan";
export { drainWritten, writtenBytes } from "./written-bits";

/** Takes a scan's bytes from now on. `firstByte`: where the first of them will lie. */
export function openScan(firstByte: usize): void {
  openInput(firstByte);
}

/** Makes a slot's codes out of SPEC. */
export function setWriteTable(slot: u32): void {
  const codes = WRITING + ((<usize>slot) << 10);
  memory.fill(codes, 0, 0x400);
  let code: u32 = 0;
  let value = SPEC + 16;
  for (let length: u32 = 1; length <= 16; length++, code <<= 1)
    for (let i: u32 = load<u8>(SPEC + length - 1); i > 0; i--)
      store<u32>(codes + ((<usize>load<u8>(value++)) << 2), (length << 16) | code++);
}

/** A stored block as block `index` of COEFFICIENTS, where samples are made of it. */
export function takeBlock(from: usize, index: u32): void {
  const into = COEFFICIENTS + ((<usize>index) << 7);
  for (let k: usize = 0; k < 64; k++)
    store<i16>(into + ((<usize>load<u8>(ZIGZAG + k)) << 1), load<i16>(from + (k << 1)));
}

/** The other way round. AC values that 8-bit samples cannot need are cut off (T.81, F.1.2.2.1). */
export function storeBlock(into: usize, index: u32): void {
  const from = COEFFICIENTS + ((<usize>index) << 7);
  for (let k: usize = 0; k < 64; k++) {
    const value: i32 = load<i16>(from + ((<usize>load<u8>(ZIGZAG + k)) << 1));
    store<i16>(into + (k << 1), <i16>(k === 0 ? value : min<i32>(1023, max<i32>(-1023, value))));
  }
}
