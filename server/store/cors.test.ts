import { describe, expect, test } from "vitest";
import { corsHeaders, parseCors } from "./cors.ts";

const rules = parseCors(
  "<CORSConfiguration>" +
    "<CORSRule><AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>" +
    "<AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>9</MaxAgeSeconds></CORSRule>" +
    "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>" +
    "</CORSConfiguration>",
);

describe("CORS rules", () => {
  test("answer with the first rule that fits origin, method and every header", () => {
    const asked = { origin: "https://shop.example", method: "PUT", preflight: true };
    expect(corsHeaders(rules, { ...asked, requestedHeaders: "X-Amz-Meta-A" })).toMatchObject({
      "access-control-allow-origin": "https://shop.example",
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "x-amz-meta-a",
      "access-control-expose-headers": "ETag",
      "access-control-max-age": 9,
    });
    expect(corsHeaders(rules, { ...asked, requestedHeaders: "x-amz-meta-a, authorization" })).toBeNull();
    expect(corsHeaders(rules, { ...asked, origin: "https://shop.example.evil" })).toBeNull();
    expect(corsHeaders(rules, { ...asked, origin: "https://evil", method: "GET" })).not.toBeNull();
    expect(corsHeaders(rules, { ...asked, origin: undefined })).toBeNull();
  });

  test.each([
    ["no rule", ""],
    ["no origin", "<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>"],
    [
      "a method S3 does not know",
      "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod></CORSRule>",
    ],
    [
      "two wildcards",
      "<CORSRule><AllowedOrigin>*a*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>",
    ],
  ])("are refused with %s", (_title, content) => {
    expect(() => parseCors(`<CORSConfiguration>${content}</CORSConfiguration>`)).toThrow(
      expect.objectContaining({ code: "MalformedXML" }),
    );
  });
});
