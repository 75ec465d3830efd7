/**
 * Builds an ICC profile (version 2.1, matrix and one gamma) for a space given by its primaries, already adapted to D50
 * as ICC.1:2001-04 wants them. Enough for what cameras write. Pure.
 */
export function rgbProfile(space: {
  readonly description: string;
  /** XYZ of red, green and blue at D50. */
  readonly primaries: readonly (readonly [number, number, number])[];
  readonly gamma: number;
}): Uint8Array {
  const tags: [string, Uint8Array][] = [
    ["desc", description(space.description)],
    ["cprt", text("Public domain")],
    ["wtpt", xyz([0.9642, 1, 0.8249])],
    ...(["rXYZ", "gXYZ", "bXYZ"] as const).map((name, i): [string, Uint8Array] => [
      name,
      xyz(space.primaries[i]!),
    ]),
    ...(["rTRC", "gTRC", "bTRC"] as const).map((name): [string, Uint8Array] => [
      name,
      gammaCurve(space.gamma),
    ]),
  ];
  const tableEnd = 128 + 4 + tags.length * 12;
  const size = tags.reduce((sum, [, { length }]) => sum + length, tableEnd);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size);
  view.setUint32(8, 0x02100000);
  put(bytes, 12, "mntrRGB XYZ ");
  for (const [i, part] of [2026, 1, 1, 0, 0, 0].entries()) view.setUint16(24 + i * 2, part);
  put(bytes, 36, "acsp");
  bytes.set(xyz([0.9642, 1, 0.8249]).subarray(8), 68);
  view.setUint32(128, tags.length);
  let at = tableEnd;
  for (const [i, [name, content]] of tags.entries()) {
    put(bytes, 132 + i * 12, name);
    view.setUint32(136 + i * 12, at);
    view.setUint32(140 + i * 12, content.length);
    bytes.set(content, at);
    at += content.length;
  }
  return bytes;
}

/** Adobe RGB (1998), the primaries and gamma of its specification. */
export function adobeRgbProfile(): Uint8Array {
  return rgbProfile({
    description: "Compatible with Adobe RGB (1998)",
    primaries: [
      [0.60974, 0.31111, 0.01947],
      [0.20528, 0.62567, 0.06087],
      [0.14919, 0.06322, 0.74457],
    ],
    gamma: 563 / 256,
  });
}

function put(bytes: Uint8Array, at: number, characters: string): void {
  for (let i = 0; i < characters.length; i++) bytes[at + i] = characters.charCodeAt(i);
}

function padded(length: number): Uint8Array {
  return new Uint8Array(Math.ceil(length / 4) * 4);
}

function xyz(values: readonly [number, number, number]): Uint8Array {
  const bytes = padded(20);
  put(bytes, 0, "XYZ ");
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setInt32(8 + i * 4, Math.round(value * 65_536));
  return bytes;
}

function gammaCurve(gamma: number): Uint8Array {
  const bytes = padded(14);
  put(bytes, 0, "curv");
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 1);
  view.setUint16(12, Math.round(gamma * 256));
  return bytes;
}

function text(value: string): Uint8Array {
  const bytes = padded(8 + value.length + 1);
  put(bytes, 0, "text");
  put(bytes, 8, value);
  return bytes;
}

/** ASCII only; the Unicode and Macintosh forms stay empty. */
function description(value: string): Uint8Array {
  const bytes = padded(12 + value.length + 1 + 8 + 70);
  put(bytes, 0, "desc");
  new DataView(bytes.buffer).setUint32(8, value.length + 1);
  put(bytes, 12, value);
  return bytes;
}
