import type { Answer } from "#contracts/ipc.ts";
import { AppError } from "#kernel/errors.ts";

/** The value of an answer. @throws AppError what the core answered instead */
export function unwrap<T>(answer: Answer<T>): T {
  if ("ok" in answer) return answer.ok;
  const { code, message, details } = answer.error;
  throw new AppError(code, message, { ...(details && { details }) });
}
