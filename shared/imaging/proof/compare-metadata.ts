import type { ProofMetadata } from "#contracts/proof-record.ts";
import { joinBytes } from "../join-bytes.ts";
import { headMarkers, startsWith } from "./jpeg-markers.ts";

/** What APPn and COM segments are called, by marker and first bytes. */
const NAMES: readonly (readonly [code: number, start: string, name: string])[] = [
  [0xe0, "JFIF\0", "JFIF"],
  [0xe1, "Exif\0", "EXIF"],
  [0xe1, "http://ns.adobe.com/xap/1.0/\0", "XMP"],
  [0xe1, "http://ns.adobe.com/xmp/extension/\0", "XMP"],
  [0xe2, "ICC_PROFILE\0", "ICC"],
  [0xe2, "MPF\0", "MPF"],
  [0xed, "Photoshop 3.0\0", "IPTC"],
  [0xee, "Adobe", "Adobe"],
  [0xfe, "", "comment"],
];

/** A JPEG's APPn and COM segments, each kind's payloads joined in their order. @throws UnreadableCoefficients */
export function jpegMetadata(bytes: Uint8Array): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const { code, payload } of headMarkers(bytes)) {
    const isDescriptive = (code >= 0xe0 && code <= 0xef) || code === 0xfe;
    if (!isDescriptive) continue;
    const name =
      NAMES.find(([marker, start]) => marker === code && startsWith(payload, start))?.[2] ??
      `APP${code - 0xe0}`;
    // A length in front of each keeps two segments apart from one.
    const length = Uint8Array.of(payload.length >> 8, payload.length & 255);
    found.set(name, joinBytes([found.get(name) ?? new Uint8Array(0), length, payload]));
  }
  return found;
}

/** Which kinds of metadata are byte for byte the same. Names are sorted. Pure. */
export function compareMetadata(
  original: ReadonlyMap<string, Uint8Array>,
  marked: ReadonlyMap<string, Uint8Array>,
): ProofMetadata {
  const result = {
    kept: [] as string[],
    changed: [] as string[],
    lost: [] as string[],
    added: [] as string[],
  };
  for (const name of [...new Set([...original.keys(), ...marked.keys()])].sort()) {
    const [own, other] = [original.get(name), marked.get(name)];
    if (!own) result.added.push(name);
    else if (!other) result.lost.push(name);
    else if (own.length === other.length && own.every((byte, i) => byte === other[i])) result.kept.push(name);
    else result.changed.push(name);
  }
  return result;
}
