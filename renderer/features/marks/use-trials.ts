import { useEffect, useState } from "react";
import type { ItemView } from "#contracts/ipc.ts";
import { useJobs, useServices } from "../../app/services.tsx";
import { newestFirst } from "../job/jobs-store.ts";
import { hasNoPixels } from "../job/picture-thumb.tsx";
import { type TrialPicture, trialPictures } from "./preview/preview-pictures.ts";

const MOST_ITEMS = 200;

/** Pictures to try marks on: of the newest import, else the built-in ones. `null` until it is known which. */
export function useTrials(): readonly TrialPicture[] | null {
  const { client } = useServices();
  const newest = useJobs((state) => (state.known ? (newestFirst(state.jobs)[0]?.view ?? null) : undefined));
  const [trials, setTrials] = useState<readonly TrialPicture[] | null>(null);
  const jobId = newest === undefined ? undefined : (newest?.id ?? null);
  const isScanned = newest?.state !== "scanning";
  // biome-ignore lint/correctness/useExhaustiveDependencies: an import has all its pictures once it has been scanned.
  useEffect(() => {
    if (jobId === undefined) return;
    let current = true;
    const show = (items: readonly ItemView[]) =>
      current && setTrials(trialPictures(items.filter((item) => !hasNoPixels(item))));
    if (jobId === null) show([]);
    else
      client.call("items.page", { jobId, filter: "all", offset: 0, limit: MOST_ITEMS }).then(
        ({ items }) => show(items),
        () => show([]),
      );
    return () => {
      current = false;
    };
  }, [client, jobId, isScanned]);
  return trials;
}
