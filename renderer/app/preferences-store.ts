import { createStore, type StoreApi } from "zustand/vanilla";
import type { Language } from "./messages/format.ts";

/** What one person likes about the window; kept in this browser or app, not in the core. */
export interface Preferences {
  readonly theme: "system" | "dark" | "light";
  readonly language: Language;
  readonly view: "dense" | "comfortable" | "grid";
  readonly inspector: boolean;
  readonly sidebar: "auto" | "wide" | "narrow";
  readonly loupe: "black" | "grey" | "white";
  readonly compareAs: "side" | "slider";
}
export type PreferencesStore = StoreApi<Preferences>;

const KEY = "platemark.preferences";

const CHOICES = {
  theme: ["system", "dark", "light"],
  language: ["en", "zh"],
  view: ["dense", "comfortable", "grid"],
  inspector: [true, false],
  sidebar: ["auto", "wide", "narrow"],
  loupe: ["black", "grey", "white"],
  compareAs: ["side", "slider"],
} as const satisfies { [K in keyof Preferences]: readonly Preferences[K][] };

export function createPreferencesStore(
  storage: Pick<Storage, "getItem" | "setItem">,
  systemLanguage: Language,
): PreferencesStore {
  const store = createStore<Preferences>(() => ({
    theme: "system",
    language: systemLanguage,
    view: "comfortable",
    inspector: true,
    sidebar: "auto",
    loupe: "grey",
    compareAs: "side",
    ...readPreferences(storage),
  }));
  store.subscribe((preferences) => {
    try {
      storage.setItem(KEY, JSON.stringify(preferences));
    } catch {
      // A full or forbidden storage costs the memory of preferences, nothing else.
    }
  });
  return store;
}

/** Only known names with known values survive. */
function readPreferences(storage: Pick<Storage, "getItem">): Partial<Preferences> {
  try {
    const stored = JSON.parse(storage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(CHOICES)
        .filter(([name, choices]) => (choices as readonly unknown[]).includes(stored[name]))
        .map(([name]) => [name, stored[name]]),
    );
  } catch {
    return {};
  }
}
