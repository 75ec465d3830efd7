import { describe, expect, test } from "vitest";
import { AccessPolicy } from "./access-policy.ts";

function policy(...statements: readonly object[]): AccessPolicy {
  const whole = statements.map((statement) => ({ Effect: "Allow", Principal: { AWS: ["*"] }, ...statement }));
  return AccessPolicy.parse(JSON.stringify({ Version: "2012-10-17", Statement: whole }), "b");
}

describe("a bucket policy", () => {
  test("allows what a statement names, and nothing else", () => {
    const read = policy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::b/watermarked/*" });
    expect(read.allows("s3:GetObject", "b/watermarked/a/b.jpg")).toBe(true);
    expect(read.allows("s3:GetObject", "b/raw/watermarked/a")).toBe(false);
    expect(read.allows("s3:GetObjectTagging", "b/watermarked/a")).toBe(false);
    expect(read.allows("s3:PutObject", "b/watermarked/a")).toBe(false);
  });

  test("takes wildcards for what they are and other signs literally", () => {
    const wild = policy({ Action: "s3:Get*", Resource: "arn:aws:s3:::b/a?.(x)*" });
    expect(wild.allows("s3:GetObject", "b/a1.(x)/y\nz")).toBe(true);
    expect(wild.allows("s3:GetObject", "b/a1-(x)")).toBe(false);
  });

  test("denies where any statement denies", () => {
    const denied = policy(
      { Action: "s3:*", Resource: ["arn:aws:s3:::b/*"] },
      { Effect: "Deny", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/raw/*" },
    );
    expect(denied.allows("s3:GetObject", "b/x")).toBe(true);
    expect(denied.allows("s3:GetObject", "b/raw/x")).toBe(false);
  });

  test.each([
    ["a condition", { Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", Condition: {} }],
    ["NotAction", { NotAction: "s3:GetObject", Resource: "arn:aws:s3:::b/*" }],
    ["another bucket", { Action: "s3:GetObject", Resource: "arn:aws:s3:::other/*" }],
    ["a bucket that begins alike", { Action: "s3:GetObject", Resource: "arn:aws:s3:::b2/*" }],
    [
      "a user",
      { Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", Principal: { AWS: "arn:aws:iam::1:user/x" } },
    ],
    ["another service", { Action: "ec2:Run", Resource: "arn:aws:s3:::b/*" }],
    ["no resource", { Action: "s3:GetObject" }],
    ["another effect", { Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", Effect: "Maybe" }],
  ])("is refused with %s", (_title, statement) => {
    expect(() => policy(statement)).toThrow(expect.objectContaining({ code: "MalformedPolicy" }));
  });
});
