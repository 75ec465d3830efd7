/** Longer words are not compared. */
const LONGEST = 40;

/**
 * The candidate that a word was probably meant to be: one edit away for short words, up to a third of the letters for
 * long ones; case and separators count nothing. `undefined` when none is near. Pure.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const plain = plainOf(word);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST) continue;
    const distance = editDistance(plain, plainOf(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plainOf(word: string): string {
  return word.toLowerCase().replace(/[\s._-]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), up to `limit`. Pure. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** `, did you mean X?`, or nothing. Pure. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? "" : `, did you mean \`${name}\`?`;
}
