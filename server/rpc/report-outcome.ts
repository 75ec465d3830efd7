import { type ConnectError, ConnectError as Failure, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { outcomeKey } from "./call-context.ts";

/** Tells the edge how each call ended: the protocols hide it where the edge cannot see it. */
export const reportOutcome: Interceptor = (next) => async (request) => {
  const report = request.contextValues.get(outcomeKey);
  if (!report) return next(request);
  const failed = (error: unknown) => {
    const failure: ConnectError = Failure.from(error);
    report(codeToString(failure.code));
    return error;
  };
  try {
    const response = await next(request);
    if (response.stream) return { ...response, message: reported(response.message, report, failed) };
    report("ok");
    return response;
  } catch (error) {
    throw failed(error);
  }
};

async function* reported<T>(
  messages: AsyncIterable<T>,
  report: (outcome: string) => void,
  failed: (error: unknown) => unknown,
) {
  try {
    yield* messages;
    report("ok");
  } catch (error) {
    throw failed(error);
  }
}
