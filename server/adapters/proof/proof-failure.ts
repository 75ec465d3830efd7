import type { PairFinding } from "#imaging/proof/examine-pair.ts";
import { AppError } from "#kernel/errors.ts";

const KEPT = "The original is safe, and nothing was published.";

/** What a photographer reads when a marked picture is not its original outside the mark. */
export function proofFailure(finding: Extract<PairFinding, { proven: false }>): AppError {
  const { reason, where } = finding;
  const [box] = where;
  const place = box ? ` (${box.width} × ${box.height} pixels at ${box.left}, ${box.top})` : "";
  const said = {
    kind: "The marked picture has another format, size or depth than its original.",
    damaged: "The marked picture is damaged.",
    outside: `The marked picture differs from its original outside the mark${place}.`,
    bounds: `The marked picture differs too much from its original outside the mark${place}.`,
  }[reason];
  return new AppError("proof.failed", `${said} ${KEPT}`, {
    details: {
      reason,
      ...(box ? { left: box.left, top: box.top, width: box.width, height: box.height } : {}),
    },
  });
}
