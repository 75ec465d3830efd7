import { expect, test } from "vitest";
import { convertPhotoMechanic, PHOTO_MECHANIC_NAMES, tokenOfPhotoMechanic } from "./photo-mechanic.ts";
import { variableOf } from "./variables.ts";

test("a text with Photo Mechanic's variables becomes one with tokens, and what is unknown is named", () => {
  expect(convertPhotoMechanic("{fbas}_{seqn} by {byline} {nothing} {Upper} {}")).toEqual({
    text: "$(FILE.NAME)_$(SEQUENCE[4,1]) by $(IPTC.CREATOR) {nothing} {Upper} {}",
    unknown: ["nothing"],
  });
});

test("the conventions' variables are all known, and all lead to variables that there are", () => {
  for (const name of ["filenamebase", "fbas", "seqn", "colorclass", "byline", "date", "jobcode"])
    expect(tokenOfPhotoMechanic(name)).toBeDefined();
  for (const name of PHOTO_MECHANIC_NAMES)
    expect(variableOf(tokenOfPhotoMechanic(name)!.split("[")[0]!)).toBeDefined();
});
