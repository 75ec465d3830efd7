import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { PictureFacts } from "./inspect-picture.ts";

const PROFILE_SPACES = { rgb: "RGB ", grey: "GRAY", cmyk: "CMYK" } as const;
const MOST_REMEMBERED = 256;
/** Colours are handed to the colour engine as a picture of this width. */
const ROW = 1024;

/** Channels without alpha. */
export const CHANNELS = { rgb: 3, grey: 1, cmyk: 4 } as const;

/** What of a picture says how its colours are to be read. */
export type ColorFacts = Pick<PictureFacts, "space" | "icc">;

/** Converts a mark's sRGB colours into pictures' own colour spaces, and remembers single ones. */
export class MarkColors {
  readonly #tempDir: string;
  readonly #known = new Map<string, readonly number[]>();

  constructor(tempDir: string) {
    this.#tempDir = tempDir;
  }

  /** Equal keys: colours come out alike. */
  keyOf(facts: ColorFacts): string {
    const profile = usableProfile(facts);
    return `${facts.space} ${profile ? createHash("sha256").update(profile).digest("base64") : ""}`;
  }

  /** One colour: 8 bits for each channel but alpha. */
  async one(facts: ColorFacts, rgb: readonly number[]): Promise<readonly number[]> {
    const key = `${rgb.join()} ${this.keyOf(facts)}`;
    const known = this.#known.get(key);
    if (known) return known;
    const color = [...(await this.many(facts, Uint8Array.from(rgb)))];
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(key, color);
    return color;
  }

  /** Many colours, 3 bytes each, to 8 bits for each channel but alpha. */
  async many(facts: ColorFacts, rgb: Uint8Array): Promise<Uint8Array> {
    const profile = usableProfile(facts);
    const converted = profile && (await this.#throughProfile(rgb, profile, CHANNELS[facts.space]));
    return converted ?? (await untagged(rgb, facts.space));
  }

  /** `null` when the profile cannot be used. */
  async #throughProfile(rgb: Uint8Array, profile: Uint8Array, channels: number): Promise<Uint8Array | null> {
    // The colour engine reads profiles from files only.
    const folder = await mkdtemp(join(this.#tempDir, "platemark-profile-"));
    try {
      const file = join(folder, "profile.icc");
      await writeFile(file, profile);
      return await convert(rgb, file, channels);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** A profile that belongs to another kind of picture is of no use. */
function usableProfile({ space, icc }: ColorFacts): Uint8Array | null {
  return icc && String.fromCharCode(...icc.subarray(16, 20)) === PROFILE_SPACES[space] ? icc : null;
}

async function convert(rgb: Uint8Array, profile: string, channels: number): Promise<Uint8Array | null> {
  const colors = rgb.length / 3;
  const width = Math.min(colors, ROW);
  const height = Math.ceil(colors / width);
  const picture = new Uint8Array(width * height * 3);
  picture.set(rgb);
  let refused = false;
  const pixels = sharp(picture, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  pixels.on("warning", () => {
    refused = true;
  });
  const { data, info } = await pixels.withIccProfile(profile).raw().toBuffer({ resolveWithObject: true });
  return refused || info.channels !== channels ? null : new Uint8Array(data.subarray(0, colors * channels));
}

/** Without a profile: RGB is sRGB, grey has sRGB's curve, ink is what the colour engine's built-in press makes of it. */
async function untagged(rgb: Uint8Array, space: keyof typeof CHANNELS): Promise<Uint8Array> {
  if (space === "rgb") return rgb;
  if (space === "cmyk") {
    const inks = await convert(rgb, "cmyk", CHANNELS.cmyk);
    return inks ?? new Uint8Array((rgb.length / 3) * 4).map((_, i) => (i % 4 === 3 ? 255 : 0));
  }
  return Uint8Array.from({ length: rgb.length / 3 }, (_, i) => luminance(rgb.subarray(i * 3, i * 3 + 3)));
}

function luminance(rgb: Uint8Array): number {
  const [red, green, blue] = Array.from(rgb, (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return Math.round(255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055));
}
