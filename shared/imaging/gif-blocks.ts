import { joinBytes } from "./join-bytes.ts";

/** Bytes of a colour table behind a packed field (GIF89a, 18 and 20). */
function tableBytes(packed: number): number {
  return packed & 0x80 ? 3 << ((packed & 7) + 1) : 0;
}

function endOfSubBlocks(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
  return at + 1;
}

/** Comments and application extensions (XMP, ICC) but for the loop count, which the coder writes itself. */
function descriptiveBlocks(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length && bytes[at] !== 0x3b) {
    if (bytes[at] === 0x2c) {
      at = endOfSubBlocks(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0));
      continue;
    }
    if (bytes[at] !== 0x21) break;
    const label = bytes[at + 1];
    const end = endOfSubBlocks(bytes, at + 2);
    const application = String.fromCharCode(...bytes.subarray(at + 3, at + 14));
    const loops = application === "NETSCAPE2.0" || application === "ANIMEXTS1.0";
    if (label === 0xfe || (label === 0xff && !loops)) blocks.push(bytes.subarray(at, end));
    at = end;
  }
  return blocks;
}

/** Gives a newly coded GIF the comments and application extensions of its source, behind its own header. Pure. */
export function withBlocksOf(source: Uint8Array, coded: Uint8Array): Uint8Array {
  const head = 13 + tableBytes(coded[10]!);
  let at = head;
  // The loop count stands first, so that players which look only there find it.
  if (coded[at] === 0x21 && coded[at + 1] === 0xff) at = endOfSubBlocks(coded, at + 2);
  return joinBytes([coded.subarray(0, at), ...descriptiveBlocks(source), coded.subarray(at)]);
}
