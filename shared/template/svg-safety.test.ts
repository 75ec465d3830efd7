import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { svgProblem } from "./svg-safety.ts";

const judge = (text: string) => svgProblem(new TextEncoder().encode(text));
const inside = (content: string) =>
  judge(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">${content}</svg>`);

describe("an SVG file", () => {
  test.each([
    '<path d="M0 0h9v9z" fill="url(#g)"/><linearGradient id="g"><stop offset="0"/></linearGradient>',
    '<use href="#a"/><use xlink:href="#b"/>',
    '<image href="data:image/png;base64,iVBORw0KGgo="/>',
    "<style>path { fill: url( '#g' ) }</style><!-- <script> in a comment -->",
    "<style><![CDATA[ .a > .b { fill: red } ]]></style>",
    "<title>A &amp; B</title>",
  ])("is taken with %s", (content) => {
    expect(inside(content)).toBeNull();
  });

  test("is taken with a declaration and width and height", () => {
    expect(judge("<?xml version='1.0'?>\n<svg width='9' height='9'/>")).toBeNull();
  });

  test.each([
    "<script>alert(1)</script>",
    "<svg:script/>",
    "<ScRiPt/>",
    "<foreignObject/>",
    '<path onload="x"/>',
    '<path ONCLICK="x"/>',
    '<image href="https://example.com/a.png"/>',
    '<image xlink:href="file:///etc/passwd"/>',
    '<image href="data:image/svg+xml;base64,AAAA"/>',
    '<a href="javascript:x"/>',
    '<a href="&#106;avascript:x"/>',
    '<path fill="&#x75;rl(https://example.com/#g)"/>',
    '<path fill="url(https://example.com/#g)"/>',
    '<path style="fill:url( &quot;x&quot;)"/>',
    "<style>@import 'x.css';</style>",
    "<style><![CDATA[ @import 'x' ]]></style>",
    "<style>p { background: \\75 rl(x) }</style>",
    "<!DOCTYPE svg>",
    '<!ENTITY a "b">',
    "<?xml-stylesheet href='x.css'?>",
    "<animate/>",
    '<g xml:base="https://example.com/"/>',
  ])("is refused with %s", (content) => {
    expect(inside(content)).toMatchObject({ unsafe: true });
  });

  test.each([
    "",
    "picture",
    "<p/>",
    "<svg/>",
    '<svg viewBox="0 0 1 1"',
    "<svg viewBox=0/>",
    '<svg viewBox="0 0 1 1"><!-- x</svg>',
    "<svg viewBox='0'><text>a</text></svg>",
  ])("is said to be none or not complete: %j", (text) => {
    expect(judge(text)?.message).toMatch(/this (SVG file|is no SVG)/);
  });

  test("is said to be none where it is not UTF-8", () => {
    expect(svgProblem(Uint8Array.of(0xff, 0xfe, 0x3c, 0))).toMatchObject({
      message: expect.stringContaining("UTF-8"),
    });
  });

  test("may be anything at all", () => {
    const piece = fc.constantFrom(
      ..."< > </ <svg svg viewBox= \" ' = <!-- --> <![CDATA[ ]]> <? ?> &#x url( # @import / a".split(" "),
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void inside(pieces.join(""))));
    for (const piece of ["<", "<a ", "<!--", "url(", "&#1;", "<a b='", "\\"])
      inside(piece.repeat((1 << 20) / piece.length));
  });
});
