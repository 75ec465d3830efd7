import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { markOperatorSchema } from "../contracts/mark-operator.ts";
import { noAssets } from "./assets.ts";
import { compileTemplate } from "./compile.ts";
import { operatorOfSpec } from "./operator-of-spec.ts";
import { resolveMark, variablesOf } from "./resolve.ts";

async function operatorOf(body: string) {
  const { operator, diagnostics } = await compileTemplate(
    `template "a" { ${body} }`,
    { fonts: [{ family: "Inter", weights: [400, 600] }], assets: noAssets },
    { signal: new AbortController().signal },
  );
  expect(diagnostics).toEqual([]);
  return operator!;
}

const NOON = Date.UTC(2026, 10, 25, 12, 5, 9);

async function resolved(
  body: string,
  variables: Record<string, string | number> = {},
  width = 1200,
  height = 900,
) {
  const { mark, diagnostics, payload } = resolveMark(await operatorOf(body), { width, height, variables });
  const texts = mark.layers.map((layer) => (layer.kind === "image" ? layer.asset : layer.value));
  return { texts, payload, messages: diagnostics.map(({ message }) => message) };
}

/** The text that one expression gives. */
async function value(expression: string, variables: Record<string, string | number> = {}) {
  const { texts, messages } = await resolved(`text ${expression}`, variables);
  expect(messages).toEqual([]);
  return texts[0];
}

describe("working a template out for one picture", () => {
  test("draws what the picture's shape asks for", async () => {
    const body = `when orientation == portrait { text "tall" } else when aspect >= 1.5 { text "wide" } else { text "other" }
      when not (short_side >= 1000 and megapixels < 20) { text "odd" }`;
    expect((await resolved(body, {}, 900, 1200)).texts).toEqual(["tall", "odd"]);
    expect((await resolved(body, {}, 1500, 1000)).texts).toEqual(["wide"]);
    expect((await resolved(body, {}, 1000, 1000)).texts).toEqual(["other"]);
    expect((await resolved(body, {}, 8000, 7000)).texts).toEqual(["other", "odd"]);
  });

  test("carries the images along that it draws, and no others", async () => {
    const { operator } = await compileTemplate(
      'template "a" { when false or width > 1000 { image "a.svg" } when width < 5 and true { image "b.svg" } }',
      {
        fonts: [],
        assets: {
          readAsset: async (name) =>
            new TextEncoder().encode(`<svg viewBox="0 0 1 1"><title>${name}</title></svg>`),
        },
      },
      { signal: new AbortController().signal },
    );
    const { mark } = resolveMark(operator!, { width: 1200, height: 900, variables: {} });
    expect(Object.values(mark.assets).map(({ name }) => name)).toEqual(["a.svg"]);
    expect(mark.layers).toMatchObject([{ kind: "image", asset: Object.keys(mark.assets)[0] }]);
  });

  test("writes the picture's values, and says which are not there", async () => {
    const body = 'text "© $(EXIF.YEAR) $(IPTC.CREATOR-Studio North)/$(SKU)"';
    const { texts, messages } = await resolved(body, { "EXIF.DATE_TIME": "2026:11:25 18:16:28", SKU: "" });
    expect(texts).toEqual(["© 2026 Studio North/"]);
    expect(messages).toEqual(["`SKU` is not known here."]);
    expect((await resolved(body)).messages).toEqual([
      "`EXIF.YEAR` is not in this picture.",
      "`SKU` is not known here.",
    ]);
  });

  test("leaves a layer out that has nothing to write", async () => {
    const { texts, messages } = await resolved('text "$(IPTC.TITLE)" qr "x" text "$(SKU+number)"');
    expect(texts).toEqual(["x"]);
    expect(messages).toEqual([
      "`IPTC.TITLE` is not in this picture.",
      "A layer has nothing to write on this picture.",
      "A layer has nothing to write on this picture.",
    ]);
  });

  test("makes the specification's payload of user and time", async () => {
    const body =
      'payload = sha256(user_id + timestamp_ms % 86400) location = "qr_overlay(bottom_right, scale=0.12)"';
    const { texts, payload } = await resolved(body, { user_id: "kern", timestamp_ms: NOON });
    expect(payload).toBe(
      createHash("sha256")
        .update(`kern${NOON % 86_400}`)
        .digest("hex"),
    );
    expect(texts).toEqual([payload]);
  });

  test("takes the time from its caller alone, in UTC", async () => {
    expect(
      await value('"$(YEAR)-$(MONTH)-$(DAY) $(HOUR):$(MINUTE):$(SECOND) $(YEAR.SHORT)"', {
        timestamp_ms: NOON,
      }),
    ).toBe("2026-11-25 12:05:09 26");
    expect(await value('date(timestamp_ms, "DD.MM.YY hh:mm:ss")', { timestamp_ms: NOON })).toBe(
      "25.11.26 12:05:09",
    );
    expect((await resolved('text "$(YEAR)"')).messages[0]).toBe("`YEAR` is not known here.");
  });

  test.each([
    ['"$(v:1)"', "bcdef"],
    ['"$(v:1:2)"', "bc"],
    ['"$(v:-2)"', "ef"],
    ['"$(v:-3:2)"', "de"],
    ['"$(v:1:-1)"', "bcde"],
    ['"$(v:9:2)x"', "x"],
    ['"$(v#ab)"', "cdef"],
    ['"$(v%ef)"', "abcd"],
    ['"$(v#ef)$(v%ab)"', "abcdefabcdef"],
    ['"$(v/c/$(YEAR-X))"', "abXdef"],
    ['"$(v//c/)"', "abdef"],
    ['"$(v/#ab/-)"', "-cdef"],
    ['"$(v/%ef/-)"', "abcd-"],
    ['"$(v^)$(v^^)"', "AbcdefABCDEF"],
    ['"$(v+yes)$(SKU+no)"', "yes"],
    ['upper(v) + "!" + 1 / 4', "ABCDEF!0.25"],
    ["1 + 2 * 3 - 4 % 3", "6"],
    ['pad(7, 3) + pad(v, 3) + pad(1, 4, "ab")', "007abcdefaba1"],
    ['replace("a.b.c", ".", "")', "abc"],
    ['default("", "x") + choose(contains(v, "cd"), "y", "n")', "xy"],
    ["round(10 / 3, 2) + max(1, 2) + min(1, 2) + floor(-0.5)", "5.33"],
    ['length("😀é") + length(slice("😀é", 1))', "3"],
    ['trim("  a ") + capitalize("éa") + uncapitalize("ÉA") + lower("ÀB")', "aÉaéAàb"],
    ['choose(starts_with(v, "ab") and ends_with(v, "ef") and not is_set(SKU), "1", "0")', "1"],
    ['choose(number("12") == 12, "1", "0") + slice(sha256("abc"), 0, 4)', "1ba78"],
  ])("%s is %s", async (expression, expected) => {
    expect(await value(expression.replaceAll("(v", "(JOBCODE"), { JOBCODE: "abcdef" })).toBe(expected);
  });

  test("counts pictures as the template says", async () => {
    expect(await value('"PM-$(SEQUENCE) $(SEQUENCE[2,100])"', { SEQUENCE: 7 })).toBe("PM-0007 106");
  });

  test("says what cannot be worked out, and goes on", async () => {
    const variables = { "EXIF.ISO": "high", SEQUENCE: 0 };
    const { texts, messages } = await resolved(
      'text "a" + number("x") + 1 / SEQUENCE when EXIF.ISO > 100 { text "b" }',
      variables,
    );
    expect(texts).toEqual(["a"]);
    expect(messages).toEqual([
      "`number` finds no number in “x”.",
      "`1 / 0` is no number.",
      "`EXIF.ISO` is no number: “high”.",
    ]);
  });

  test("keeps texts short, whatever they are made of", async () => {
    const grown = 'replace(replace(replace(JOBCODE, "a", JOBCODE), "a", JOBCODE), "a", JOBCODE)';
    const text = await value(`${grown} + ${grown}`, { JOBCODE: "a".repeat(4_000) });
    expect(text).toHaveLength(4_096);
  });

  test("says which variables an operator asks for", async () => {
    const operator = await operatorOf(
      'payload = user_id text "$(FILE.NAME) $(SKU-$(JOBCODE))" when aspect > 1 { qr payload }',
    );
    expect(variablesOf(operator)).toEqual(["FILE.NAME", "JOBCODE", "SKU", "aspect", "user_id"]);
  });

  test("refuses a picture without a size", async () => {
    const operator = await operatorOf('text "a"');
    expect(() => resolveMark(operator, { width: 0, height: 5, variables: {} })).toThrow(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });

  test("takes an operator that knows more than this program", () => {
    const operator = markOperatorSchema.parse({
      ...operatorOfSpec(DEFAULT_MARK),
      payload: { kind: "call", name: "sha512", args: [{ kind: "variable", name: "moon" }] },
    });
    const { payload, diagnostics } = resolveMark(operator, { width: 1, height: 1, variables: {} });
    expect([payload, diagnostics[0]?.code]).toEqual(["", "value.invalid"]);
  });
});

test("the mark of the settings is an operator like any other", () => {
  const operator = markOperatorSchema.parse(
    operatorOfSpec({ ...DEFAULT_MARK, color: "#FFAA00", margin: 0.1 }),
  );
  const { mark, diagnostics } = resolveMark(operator, { width: 100, height: 50, variables: {} });
  expect(diagnostics).toEqual([]);
  expect(mark.layers).toMatchObject([
    {
      kind: "text",
      value: "© Platemark",
      anchor: "bottom_right",
      color: "#ffaa00",
      marginX: { value: 0.1, unit: "short_side" },
      size: { value: 0.05, unit: "short_side" },
    },
  ]);
});
