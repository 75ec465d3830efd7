/** Codes of a Huffman table as DHT carries it, 16 counts and then the symbols (ITU-T T.81, Annex C): code with a leading
 *  1, so that its length shows, to symbol. Pure. */
function codesOf(spec: Uint8Array): Map<number, number> {
  const codes = new Map<number, number>();
  let code = 0;
  let at = 16;
  for (let length = 1; length <= 16; length++, code <<= 1)
    for (let i = 0; i < spec[length - 1]!; i++, code++) codes.set((1 << length) | code, spec[at++]!);
  return codes;
}

/** Whether each code of a table is one of the other's, for the same symbol: what can be read by the one, the other reads
 *  alike. Pure. */
export function hasCodesOf(other: Uint8Array, spec: Uint8Array): boolean {
  const codes = codesOf(other);
  for (const [code, symbol] of codesOf(spec)) if (codes.get(code) !== symbol) return false;
  return true;
}
