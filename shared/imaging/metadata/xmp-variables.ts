import { XMLParser } from "fast-xml-parser";
import { shownText } from "./metadata-text.ts";

type Variables = Record<string, string | number>;

/** Larger packets hold edit histories, and one that large may be meant to stop the reader. */
const MOST_BYTES = 2 * 1024 * 1024;

const NAMESPACES: Readonly<Record<string, string>> = {
  "http://purl.org/dc/elements/1.1/": "dc",
  "http://ns.adobe.com/photoshop/1.0/": "photoshop",
  "http://ns.adobe.com/xap/1.0/": "xmp",
  "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
  "http://ns.adobe.com/exif/1.0/aux/": "aux",
  "http://cipa.jp/exif/1.0/": "exifEX",
  "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
};

/** The last of several properties of one variable wins. */
const NAMES: Readonly<Record<string, string>> = {
  "dc:creator": "IPTC.CREATOR",
  "dc:rights": "IPTC.COPYRIGHT",
  "dc:title": "IPTC.TITLE",
  "dc:description": "IPTC.DESCRIPTION",
  "dc:subject": "IPTC.KEYWORDS",
  "photoshop:Credit": "IPTC.CREDIT",
  "photoshop:Headline": "IPTC.HEADLINE",
  "photoshop:TransmissionReference": "IPTC.JOB_ID",
  "photoshop:City": "IPTC.CITY",
  "photoshop:Country": "IPTC.COUNTRY",
  "xmpRights:UsageTerms": "IPTC.USAGE_TERMS",
  "xmp:Rating": "STARS",
  "xmp:Label": "LABELS",
  "aux:Lens": "LENS",
  "exifEX:LensModel": "LENS",
};

/** The variables in an XMP packet. One that is damaged, too large or has a DOCTYPE has none. Pure. */
export function xmpVariables(packet: Uint8Array): Variables {
  if (packet.length > MOST_BYTES) return {};
  const xml = new TextDecoder().decode(packet);
  if (/<!DOCTYPE/i.test(xml)) return {};
  const found: Variables = {};
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "@",
      // Also numeric character references.
      htmlEntities: true,
      parseTagValue: false,
      parseAttributeValue: false,
    });
    for (const description of descriptionsOf(parser.parse(xml), prefixesOf(xml)))
      for (const [property, value] of description) {
        const name = NAMES[property];
        const text = name ? shownText(textsOf(value).join(", ")) : "";
        if (name === "STARS") {
          if (/^[0-5]$/.test(text)) found[name] = Number(text);
        } else if (name && text) found[name] = text;
      }
  } catch {
    return {};
  }
  return found;
}

/** Each prefix of the packet as it is usually written. */
function prefixesOf(xml: string): ReadonlyMap<string, string> {
  const declared = xml.matchAll(/xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']/g);
  return new Map(Array.from(declared, ([, prefix, uri]) => [prefix!, NAMESPACES[uri!] ?? ""]));
}

type XmlNode = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is XmlNode => typeof value === "object" && value !== null;
const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** The properties of each rdf:Description, written as elements or as attributes, under usual names. */
function descriptionsOf(root: unknown, prefixes: ReadonlyMap<string, string>): [string, unknown][][] {
  const named = (node: unknown): [string, unknown][] =>
    isNode(node)
      ? Object.entries(node).map(([name, value]) => {
          const [prefix = "", local] = name.replace(/^@/, "").split(":");
          return [local === undefined ? name : `${prefixes.get(prefix) || "?"}:${local}`, value];
        })
      : [];
  const children = (nodes: readonly unknown[], wanted: string): unknown[] =>
    nodes.flatMap((node) =>
      named(node)
        .filter(([name]) => name === wanted)
        .flatMap(([, value]) => listOf(value)),
    );
  const outer = isNode(root) ? Object.entries(root).filter(([name]) => name.endsWith(":xmpmeta")) : [];
  const tops = [root, ...outer.flatMap(([, value]) => listOf(value))];
  return children(children(tops, "rdf:RDF"), "rdf:Description").map(named);
}

/** A property's texts: its own, or those of its rdf:Bag, rdf:Seq or rdf:Alt; of alternatives the default one. */
function textsOf(value: unknown): string[] {
  return listOf(value).flatMap((each) => {
    if (typeof each === "string") return [each];
    if (!isNode(each)) return [];
    if (typeof each["#text"] === "string") return [each["#text"]];
    for (const [name, container] of Object.entries(each)) {
      if (!/:(Bag|Seq|Alt)$/.test(name) || !isNode(container)) continue;
      const items = Object.entries(container)
        .filter(([item]) => item.endsWith(":li"))
        .flatMap(([, item]) => listOf(item));
      const isDefault = (item: unknown) => isNode(item) && item["@xml:lang"] === "x-default";
      const chosen = name.endsWith(":Alt") ? [items.find(isDefault) ?? items[0]] : items;
      return chosen.flatMap(textsOf);
    }
    return [];
  });
}
