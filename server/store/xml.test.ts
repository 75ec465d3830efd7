import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childrenNamed, childText, parseXml } from "./xml-reader.ts";
import { xmlDocument } from "./xml-writer.ts";

describe("reading XML", () => {
  test("keeps text as it is, spaces and references included, and drops prefixes, attributes and comments", () => {
    const root = parseXml(
      `<?xml version="1.0"?><!-- c --><a:Delete xmlns:a="x"><Object n='1'><Key> a&amp;b&#x20AC;&#10;<![CDATA[<c>]]></Key></Object><Quiet/></a:Delete>\n`,
      "Delete",
    );
    expect(childText(childrenNamed(root, "Object")[0]!, "Key")).toBe(" a&b€\n<c>");
    expect(childText(root, "Quiet")).toBe("");
  });

  test("gives back whatever was written", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", minLength: 1 })), (keys) => {
        fc.pre(keys.every((key) => key.isWellFormed() && !key.includes("\0")));
        const document = xmlDocument("Root", { Key: keys });
        expect(childrenNamed(parseXml(document, "Root"), "Key").map(({ text }) => text)).toEqual(keys);
      }),
    );
  });

  test.each([
    ["junk", "junk"],
    ["an empty text", ""],
    ["another root", "<b/>"],
    ["two roots", "<a/><a/>"],
    ["crossed elements", "<a><b></a></b>"],
    ["an unknown entity", "<a>&nbsp;</a>"],
    ["a bare ampersand", "<a>&</a>"],
    ["a null character", "<a>&#0;</a>"],
    ["a DTD", "<!DOCTYPE a><a/>"],
    ["sixteen levels and more", `${"<a>".repeat(20)}${"</a>".repeat(20)}`],
  ])("refuses %s", (_title, source) => {
    expect(() => parseXml(source, "a")).toThrow(expect.objectContaining({ code: "MalformedXML" }));
  });
});
