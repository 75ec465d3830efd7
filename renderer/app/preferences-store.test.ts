import { expect, test } from "vitest";
import { fromHash, toHash } from "./navigation-store.ts";
import { createPreferencesStore } from "./preferences-store.ts";

function storage(initial: string | null) {
  let value = initial;
  return {
    getItem: () => value,
    setItem(_key: string, text: string) {
      value = text;
    },
  };
}

test("preferences come back, unknown and broken ones do not", () => {
  const kept = storage(null);
  createPreferencesStore(kept, "zh").setState({ view: "grid" });
  expect(createPreferencesStore(kept, "en").getState()).toMatchObject({ view: "grid", language: "zh" });
  const foreign = storage('{"view":"mosaic","theme":"dark","toString":"x"}');
  expect(createPreferencesStore(foreign, "en").getState()).toMatchObject({
    view: "comfortable",
    theme: "dark",
  });
  expect(createPreferencesStore(storage("{"), "en").getState().view).toBe("comfortable");
});

test("a storage that refuses does not break the window", () => {
  const store = createPreferencesStore(
    {
      getItem: () => null,
      setItem: () => {
        throw new Error("quota");
      },
    },
    "en",
  );
  store.setState({ theme: "light" });
  expect(store.getState().theme).toBe("light");
});

test("screens survive in the page's hash", () => {
  for (const screen of [
    { name: "import" },
    { name: "job", jobId: "a/b c" },
    { name: "compare", jobId: "1" },
  ] as const)
    expect(fromHash(toHash(screen))).toEqual(screen);
  for (const hash of ["", "#/nowhere", "#/job/", "#/job/%"]) expect(fromHash(hash)).toBeNull();
});
