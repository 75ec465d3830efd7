import { describe, expect, test } from "vitest";
import { isOwnPage, mayOpenOutside } from "./window-guards.ts";

describe("links out of the window", () => {
  test("may lead over https to hosts that are named", () => {
    expect(mayOpenOutside("https://www.apache.org/licenses/LICENSE-2.0")).toBe(true);
  });

  test.each([
    "http://www.apache.org/",
    "https://www.apache.org.example.com/",
    "https://apache.org/",
    "https://user@www.apache.org/",
    "https://www.apache.org:8443/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "smb://www.apache.org/share",
    "platemark://app/index.html",
    "no link",
  ])("may not be %s", (link) => expect(mayOpenOutside(link)).toBe(false));
});

describe("the window's own pages", () => {
  test.each([
    ["platemark://app/index.html", true],
    ["platemark://app", true],
    ["platemark://app.example.com/", false],
    ["platemark://other/", false],
    ["https://app/index.html", false],
    ["about:blank", false],
  ])("%s: %s", (link, own) => expect(isOwnPage(link)).toBe(own));
});
