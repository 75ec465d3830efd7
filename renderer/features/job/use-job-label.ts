import { useStore } from "zustand";
import type { JobView } from "#contracts/ipc.ts";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";

/** What an import is called: its folder's name, unless Platemark made that folder up itself. */
export function useJobLabel(): (job: JobView) => string {
  const { t } = useText();
  const home = useStore(useServices().connection, ({ info }) => info?.home);
  return (job) => {
    const kind = home === undefined ? null : ownFolder(job.root, home);
    return kind === null ? job.label : t(`job.label.${kind}`);
  };
}

/** Which of Platemark's own folders a root is; `null` for a folder with a name that people know. Pure. */
export function ownFolder(root: string, home: string): "samples" | "dropped" | null {
  if (!root.startsWith(home)) return null;
  const [place, ...rest] = root
    .slice(home.length)
    .split(/[/\\]/)
    .filter((name) => name !== "");
  if (place === "samples" && rest.length === 0) return "samples";
  return place === "inbox" && rest.length === 1 ? "dropped" : null;
}
