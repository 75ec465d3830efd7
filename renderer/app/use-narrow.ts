import { useSyncExternalStore } from "react";

/** True while the window is narrower than `pixels`. */
export function useNarrow(pixels: number): boolean {
  const query = `(width < ${pixels}px)`;
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    () => matchMedia(query).matches,
  );
}
