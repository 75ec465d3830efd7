import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { policy } from "#gen/options_pb.ts";

/** Longest time that an answer may take, by the method's policy, in milliseconds; infinite for streams without an end of
 *  their own. Holds whatever the caller asks for. */
export function longestAnswerMs(method: DescMethod): number {
  const { timeoutMs } = getOption(method, policy);
  return timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs;
}
