import { createStore, type StoreApi } from "zustand/vanilla";

export type Screen =
  | { readonly name: "import" }
  | { readonly name: "marks" }
  | { readonly name: "job"; readonly jobId: string }
  | { readonly name: "compare"; readonly jobId: string };
export type NavigationStore = StoreApi<{ readonly screen: Screen }>;

/** The screen as the page's hash, so that Back, reload and a second window find their place. */
export function toHash(screen: Screen): string {
  if (screen.name === "import" || screen.name === "marks") return `#/${screen.name}`;
  return `#/${screen.name}/${encodeURIComponent(screen.jobId)}`;
}

/** `null` for a hash that names no screen. */
export function fromHash(hash: string): Screen | null {
  const [, name, id] = hash.split("/");
  if (name === "import" || name === "marks") return { name };
  if ((name !== "job" && name !== "compare") || !id) return null;
  try {
    return { name, jobId: decodeURIComponent(id) };
  } catch {
    return null;
  }
}

export interface Navigation {
  readonly store: NavigationStore;
  readonly go: (screen: Screen) => void;
}

export function createNavigation(window: Pick<Window, "location" | "addEventListener">): Navigation {
  const store: NavigationStore = createStore(() => ({
    screen: fromHash(window.location.hash) ?? { name: "import" },
  }));
  window.addEventListener("hashchange", () => {
    const screen = fromHash(window.location.hash);
    if (screen !== null) store.setState({ screen });
  });
  return {
    store,
    go(screen) {
      store.setState({ screen });
      window.location.hash = toHash(screen);
    },
  };
}
