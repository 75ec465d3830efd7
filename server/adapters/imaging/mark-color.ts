import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { PictureFacts } from "./inspect-picture.ts";

const PROFILE_SPACES = { rgb: "RGB ", grey: "GRAY", cmyk: "CMYK" } as const;
const CHANNELS = { rgb: 3, grey: 1, cmyk: 4 } as const;
const MOST_REMEMBERED = 256;

/** Converts the mark's sRGB colour into pictures' own colour spaces, and remembers the answers. */
export class MarkColors {
  readonly #tempDir: string;
  readonly #known = new Map<string, readonly number[]>();

  constructor(tempDir: string) {
    this.#tempDir = tempDir;
  }

  /** One value for each channel but alpha, in the range of the picture's samples. `hex` is `#rrggbb`. */
  async inSpaceOf(facts: PictureFacts, hex: string): Promise<readonly number[]> {
    const { space, icc, bits } = facts;
    const profile = icc && profileSpace(icc) === PROFILE_SPACES[space] ? icc : null;
    const key = `${hex} ${space} ${profile ? createHash("sha256").update(profile).digest("base64") : ""}`;
    let color = this.#known.get(key);
    if (!color) {
      color =
        (profile && (await this.#throughProfile(hex, profile, CHANNELS[space]))) ??
        (await untagged(hex, space));
      if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
      this.#known.set(key, color);
    }
    return bits === 16 ? color.map((value) => value * 257) : color;
  }

  /** `null` when the profile cannot be used. */
  async #throughProfile(
    hex: string,
    profile: Uint8Array,
    channels: number,
  ): Promise<readonly number[] | null> {
    // The colour engine reads profiles from files only.
    const folder = await mkdtemp(join(this.#tempDir, "platemark-profile-"));
    try {
      const file = join(folder, "profile.icc");
      await writeFile(file, profile);
      return await convert(hex, file, channels);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function profileSpace(icc: Uint8Array): string {
  return String.fromCharCode(...icc.subarray(16, 20));
}

function rgbOf(hex: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

async function convert(hex: string, profile: string, channels: number): Promise<readonly number[] | null> {
  let refused = false;
  const pixel = sharp(Uint8Array.from(rgbOf(hex)), { raw: { width: 1, height: 1, channels: 3 } });
  pixel.on("warning", () => {
    refused = true;
  });
  const { data, info } = await pixel.withIccProfile(profile).raw().toBuffer({ resolveWithObject: true });
  return refused || info.channels !== channels ? null : [...data];
}

/** Without a profile: RGB is sRGB, grey has sRGB's curve, ink is what the colour engine's built-in press makes of it. */
async function untagged(hex: string, space: keyof typeof CHANNELS): Promise<readonly number[]> {
  const rgb = rgbOf(hex);
  if (space === "rgb") return rgb;
  if (space === "cmyk") return (await convert(hex, "cmyk", 4)) ?? [0, 0, 0, 255];
  const linear = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  const curved = luminance <= 0.0031308 ? luminance * 12.92 : 1.055 * luminance ** (1 / 2.4) - 0.055;
  return [Math.round(curved * 255)];
}
