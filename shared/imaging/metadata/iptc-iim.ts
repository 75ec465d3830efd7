import { decodedText, shownText } from "./metadata-text.ts";

const TAG_MARKER = 0x1c;
const APPLICATION_RECORD = 2;
/** In the length's upper bit: the rest says how many bytes the length has. */
const EXTENDED = 0x8000;

/** Datasets of the application record by their numbers (IIM 4.2, chapter 6). */
const NAMES: Readonly<Record<number, string>> = {
  5: "IPTC.TITLE",
  25: "IPTC.KEYWORDS",
  80: "IPTC.CREATOR",
  90: "IPTC.CITY",
  101: "IPTC.COUNTRY",
  103: "IPTC.JOB_ID",
  105: "IPTC.HEADLINE",
  110: "IPTC.CREDIT",
  116: "IPTC.COPYRIGHT",
  120: "IPTC.DESCRIPTION",
};

/** The variables in IIM datasets; repeated ones have commas between them. Stops where the data are damaged. Pure. */
export function iimVariables(bytes: Uint8Array): Record<string, string> {
  const found = new Map<string, string[]>();
  for (let at = 0; at + 5 <= bytes.length && bytes[at] === TAG_MARKER; ) {
    const [record, dataset] = [bytes[at + 1]!, bytes[at + 2]!];
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    // Nothing that long is a caption.
    if (length & EXTENDED) break;
    const start = at + 5;
    at = start + length;
    if (at > bytes.length) break;
    const name = record === APPLICATION_RECORD ? NAMES[dataset] : undefined;
    const text = name ? shownText(decodedText(bytes.subarray(start, at))) : "";
    if (name && text) found.set(name, [...(found.get(name) ?? []), text]);
  }
  return Object.fromEntries(Array.from(found, ([name, texts]) => [name, texts.join(", ")]));
}
