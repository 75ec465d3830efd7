/** The longest code that DHT can carry. */
const LONGEST = 16;
/** Stands for the code of ones, which no symbol may have. */
const RESERVED = 256;

/**
 * The Huffman table that codes symbols in the fewest bits, as DHT carries it: 16 counts, then the symbols (ITU-T T.81,
 * K.2). Pure.
 * @param counts How often each of 256 symbols is needed.
 */
export function optimalTable(counts: ArrayLike<number>): Uint8Array {
  const lengths = codeLengths(counts);
  const ofLength = Array<number>(Math.max(LONGEST, ...lengths) + 1).fill(0);
  for (const length of lengths) if (length > 0) ofLength[length]! += 1;
  // Codes that are too long: two go up by one, in the place of one that is shorter and becomes two (figure K.3).
  for (let length = ofLength.length - 1; length > LONGEST; length--)
    while (ofLength[length]! > 0) {
      let shorter = length - 2;
      while (ofLength[shorter] === 0) shorter--;
      ofLength[length]! -= 2;
      ofLength[length - 1]! += 1;
      ofLength[shorter + 1]! += 2;
      ofLength[shorter]! -= 1;
    }
  let longest = LONGEST;
  while (ofLength[longest] === 0) longest--;
  ofLength[longest]! -= 1;
  const symbols = [...Array(RESERVED).keys()].filter((symbol) => lengths[symbol]! > 0);
  // Stable: the oftener a symbol is needed, the shorter is its code, also where codes have become shorter.
  symbols.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  return Uint8Array.from([...ofLength.slice(1, LONGEST + 1), ...symbols]);
}

/** By joining the two rarest again and again (figures K.1 and K.2); 0: not needed. The last is the reserved code's. */
function codeLengths(counts: ArrayLike<number>): number[] {
  let trees = Array.from({ length: RESERVED + 1 }, (_, symbol) => ({
    count: symbol === RESERVED ? 1 : counts[symbol]!,
    symbols: [symbol],
  })).filter(({ count }) => count > 0);
  const lengths = Array<number>(RESERVED + 1).fill(0);
  while (trees.length > 1) {
    // The reserved code becomes the longest: of those that are equally rare the last one goes first.
    trees = trees.sort((a, b) => b.count - a.count || a.symbols.at(-1)! - b.symbols.at(-1)!);
    const [a, b] = [trees.pop()!, trees.pop()!];
    const symbols = [...b.symbols, ...a.symbols];
    for (const symbol of symbols) lengths[symbol]! += 1;
    trees.push({ count: a.count + b.count, symbols });
  }
  return lengths;
}
