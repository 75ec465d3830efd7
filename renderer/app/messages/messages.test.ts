import { describe, expect, test } from "vitest";
import { en } from "./en.ts";
import { createFormat } from "./format.ts";
import { canRetry, hintFor } from "./reasons.ts";
import { createText, systemLanguage } from "./text.tsx";
import { zh } from "./zh.ts";

describe("figures", () => {
  const f = createFormat("en");

  test("sizes have three digits at most and a unit", () => {
    expect([0, 999, 1_000, 1_850_000, 92_000_000, 999_600_000, 7_300_000_000].map(f.bytes)).toEqual([
      "0 bytes",
      "999 bytes",
      "1 kB",
      "1.9 MB",
      "92 MB",
      "1 GB",
      "7.3 GB",
    ]);
  });

  test("durations count seconds, minutes and hours", () => {
    expect([0, 47, 723, 3_731].map(f.duration)).toEqual(["0:00", "0:47", "12:03", "1:02:11"]);
  });

  test("rates and numbers have separators of the language", () => {
    expect([f.n(1_204), f.perSecond(38.4), f.perSecond(3.84), f.percent(0.453)]).toEqual([
      "1,204",
      "38/s",
      "3.8/s",
      "45%",
    ]);
  });
});

test("both languages say everything, and Chinese in Chinese", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  const same = Object.entries(en).filter(
    ([key, words]) => typeof words === "string" && zh[key as keyof typeof zh] === words,
  );
  expect(same).toEqual([]);
});

test("a reason is the core's own sentence in English and the catalogue's in Chinese", () => {
  const reason = { code: "picture.truncated", message: "The file ends too early." } as const;
  expect(createText("en").reason(reason)).toBe("The file ends too early.");
  expect(createText("zh").reason(reason)).toMatch(/^文件不完整/);
});

test("a hint is given where the reason has not said what to do", () => {
  expect(hintFor("zh", "picture.truncated")).toBe("hint.replace");
  expect(hintFor("en", "picture.truncated")).toBeNull();
  expect(hintFor("en", "mark.gave_up")).toBe("hint.report");
  expect(hintFor("zh", "proof.failed")).toBe("hint.report");
});

test("retry is offered where it can help", () => {
  expect(canRetry("store.unreachable")).toBe(true);
  expect(canRetry("picture.unsupported_heic")).toBe(false);
});

test("the first language of the system that the window speaks is chosen", () => {
  expect(systemLanguage(["de-DE", "zh-TW", "en"])).toBe("zh");
  expect(systemLanguage(["en-GB", "zh"])).toBe("en");
  expect(systemLanguage(["fr"])).toBe("en");
});
