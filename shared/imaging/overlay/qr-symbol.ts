import { encodeQR } from "qr";
import { AppError } from "#kernel/errors.ts";

const LEVELS = { L: "low", M: "medium", Q: "quartile", H: "high" } as const;

/**
 * The modules of a QR code without its quiet zone, dark ones true (ISO/IEC 18004).
 * @throws AppError `invalid_argument` when the text is empty or too long for the largest symbol.
 */
export function qrModules(text: string, correction: keyof typeof LEVELS): readonly (readonly boolean[])[] {
  try {
    const framed = encodeQR(text, "raw", { ecc: LEVELS[correction], border: 1 });
    return framed.slice(1, -1).map((row) => row.slice(1, -1));
  } catch (cause) {
    throw new AppError(
      "invalid_argument",
      `The mark's QR code cannot hold a text of ${text.length} characters at error correction ${correction}. Make the text shorter, or the correction lower.`,
      { cause },
    );
  }
}

/** All dark modules as one path, so that no seams show between them when it is turned. `left`, `top`: of the first. */
export function modulesPath(
  modules: readonly (readonly boolean[])[],
  module: number,
  left: number,
  top: number,
): string {
  const bars: string[] = [];
  for (const [y, row] of modules.entries())
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x;
      while (end < row.length && row[end]) end++;
      bars.push(
        `M${left + x * module} ${top + y * module}h${(end - x) * module}v${module}h${(x - end) * module}z`,
      );
      x = end;
    }
  return bars.join("");
}
