import { useMemo, useState } from "react";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import { useServices } from "../../app/services.tsx";

export interface Retry {
  /** No ids: every failed picture. */
  readonly run: (itemIds?: readonly string[]) => void;
  readonly cancel: () => void;
  readonly problem: ErrorBody | null;
}

/** Retries and cancels within one job, and keeps what went wrong with that. */
export function useRetry(jobId: string): Retry {
  const { client } = useServices();
  const [problem, setProblem] = useState<ErrorBody | null>(null);
  return useMemo(() => {
    const follow = (work: Promise<unknown>) => {
      work.then(
        () => setProblem(null),
        (error: unknown) => setProblem(toErrorBody(AppError.from(error))),
      );
    };
    return {
      run: (itemIds) =>
        follow(client.call("import.retry", { jobId, ...(itemIds && { itemIds: [...itemIds] }) })),
      cancel: () => follow(client.call("import.cancel", { jobId })),
      problem,
    };
  }, [client, jobId, problem]);
}
