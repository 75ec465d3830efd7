import { describe, expect, test } from "vitest";
import { DayKeys } from "./day-keys.ts";
import { hmac, signingKey } from "./signature.ts";

const scope = { date: "20130524", region: "us-east-1", service: "s3" };

describe("remembered signing keys", () => {
  test("sign as derived ones do, for each secret, day and region", () => {
    const keys = new DayKeys();
    const scopes = [scope, { ...scope, date: "20130525" }, { ...scope, region: "eu-west-1" }];
    for (const secret of ["one", "two", "one"])
      for (const each of scopes)
        expect(hmac(keys.derive(secret, each), "text")).toEqual(hmac(signingKey(secret, each), "text"));
  });

  test("are the same object again, until many others came", () => {
    const keys = new DayKeys();
    const first = keys.derive("secret", scope);
    expect(keys.derive("secret", scope)).toBe(first);
    for (let region = 0; region < 8; region++) keys.derive("secret", { ...scope, region: `r${region}` });
    expect(keys.derive("secret", scope)).not.toBe(first);
  });
});
