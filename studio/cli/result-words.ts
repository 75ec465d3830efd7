import { aligned, formatCount, pictures, printable } from "./format.ts";

/** Failed pictures named in a summary; scripts ask for `--json`. */
export const MOST_NAMED = 50;

/** Failed pictures by name, at most {@link MOST_NAMED} of them, and how many more there are. Pure. */
export function failureLines(
  named: readonly { readonly file: string; readonly reason: string }[],
  failed: number,
): readonly string[] {
  const lines = named.map(({ file, reason }) => `  ✗ ${printable(file)}: ${reason}`);
  if (failed > named.length)
    lines.push(`  … and ${formatCount(failed - named.length)} more; --json names them all.`);
  return lines;
}

/** A line that says how far it came, and a table below it. Pure. */
export function resultTable(
  {
    found,
    settled,
    interrupted,
  }: { readonly found: number; readonly settled: number; readonly interrupted: boolean },
  rows: readonly (readonly [name: string, value: string])[],
): string {
  const head = interrupted
    ? `Stopped. ${pictures(settled)} of ${formatCount(found)} are done.`
    : `${pictures(found)} found.`;
  return [head, ...aligned(rows)].join("\n");
}
