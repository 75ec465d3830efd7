import { expect, test } from "vitest";
import { JOB_VALUES } from "#contracts/mark.ts";
import { noAssets } from "./assets.ts";
import { compileTemplate } from "./compile.ts";
import { fontFamilies } from "./font-families.ts";
import { asksSequence, jobValuesAsked, valuesAskedFor } from "./job-values.ts";
import { VARIABLES } from "./variables.ts";

async function operatorOf(text: string) {
  const fonts = fontFamilies([{ family: "Inter", weight: 400 }]);
  const { operator } = await compileTemplate(
    `template "t" { text "${text}" { size = 4% } }`,
    { fonts, assets: noAssets },
    { signal: new AbortController().signal },
  );
  return operator!;
}

test("what may be said of a job are texts that a template can ask for, and nothing that is known otherwise", () => {
  for (const name of JOB_VALUES) expect(VARIABLES[name]).toMatchObject({ type: "text" });
  const groups = new Set(JOB_VALUES.map((name) => VARIABLES[name]!.group));
  expect(groups).toEqual(new Set(["job", "user"]));
  const others = Object.values(VARIABLES).filter(
    ({ name, group }) =>
      (group === "job" || group === "user") && !(JOB_VALUES as readonly string[]).includes(name),
  );
  expect(others.map(({ name }) => name)).toEqual(["SEQUENCE", "user_id"]);
});

test("a template takes what it asks for, and leaves the rest", async () => {
  const operator = await operatorOf("$(CLIENT) $(JOBCODE-none) $(FILE.NAME) $(SEQUENCE)");
  expect(jobValuesAsked(operator)).toEqual(["JOBCODE", "CLIENT"]);
  expect(valuesAskedFor(operator, { CLIENT: "Kern", SKU: "1" })).toEqual({ CLIENT: "Kern" });
  expect(valuesAskedFor(operator, { SKU: "1" })).toBeUndefined();
  expect(asksSequence(operator)).toBe(true);
  const plain = await operatorOf("© $(FILE.NAME)");
  expect([jobValuesAsked(plain), asksSequence(plain)]).toEqual([[], false]);
});
