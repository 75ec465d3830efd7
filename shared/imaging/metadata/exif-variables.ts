import {
  integers,
  SUB_DIRECTORY,
  type TiffDirectory,
  type TiffField,
  TiffReader,
} from "../tiff-directory.ts";
import { decodedText, shownText } from "./metadata-text.ts";

type Variables = Record<string, string | number>;

/** EXIF 2.32, chapter 4.6. */
const TAG = {
  description: 0x010e,
  make: 0x010f,
  model: 0x0110,
  changed: 0x0132,
  artist: 0x013b,
  rating: 0x4746,
  copyright: 0x8298,
  exposure: 0x829a,
  aperture: 0x829d,
  iso: 0x8827,
  taken: 0x9003,
  digitized: 0x9004,
  bias: 0x9204,
  focalLength: 0x920a,
  lens: 0xa434,
} as const;
const GPS = { latitudeRef: 1, latitude: 2, longitudeRef: 3, longitude: 4 } as const;

/** The variables in an EXIF structure. Fields that are missing or damaged are left out. Pure. */
export function exifVariables(bytes: Uint8Array): Variables {
  const reader = new TiffReader(bytes);
  const main = reader.pages()[0];
  if (!main) return {};
  const below = (tag: number): TiffDirectory => {
    const field = main.get(tag);
    return (field && reader.children(field)[0]) ?? new Map();
  };
  const exif = below(SUB_DIRECTORY.exif);
  const found: Variables = {};
  const put = (name: string, value: string | number | null) => {
    if (value !== null && value !== "") found[name] = value;
  };
  put("MAKER", text(main.get(TAG.make)));
  put("MODEL", text(main.get(TAG.model)));
  put("LENS", text(exif.get(TAG.lens)));
  put("IPTC.CREATOR", text(main.get(TAG.artist)));
  put("IPTC.COPYRIGHT", text(main.get(TAG.copyright)));
  put("IPTC.DESCRIPTION", text(main.get(TAG.description)));
  put("STARS", integers(main.get(TAG.rating))[0] ?? null);
  put("EXIF.ISO", integers(exif.get(TAG.iso))[0] ?? null);
  put("EXIF.APERTURE", tenths(rationals(exif.get(TAG.aperture))[0]));
  put("EXIF.FOCAL.LENGTH", tenths(rationals(exif.get(TAG.focalLength))[0]));
  put("EXIF.EXPOSURE", exposure(rationals(exif.get(TAG.exposure))[0]));
  put("EXIF.EXPOSURE.BIAS", signed(tenths(rationals(exif.get(TAG.bias))[0])));
  const gps = below(SUB_DIRECTORY.gps);
  put("LATITUDE", degrees(gps.get(GPS.latitude), gps.get(GPS.latitudeRef), "S"));
  put("LONGITUDE", degrees(gps.get(GPS.longitude), gps.get(GPS.longitudeRef), "W"));
  const times = [exif.get(TAG.taken), exif.get(TAG.digitized), main.get(TAG.changed)];
  return { ...found, ...dateVariables(times.map(text)) };
}

/** The first of several dates that is one: `2026:11:25 18:16:28`. */
function dateVariables(dates: readonly string[]): Variables {
  for (const date of dates) {
    const parts = /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(date);
    if (!parts) continue;
    const [, year, month, day, hour, minute, second] = parts as unknown as string[];
    if (Number(year) === 0 || Number(month) === 0 || Number(month) > 12 || Number(day) === 0) continue;
    return {
      "EXIF.DATE_TIME": `${year}:${month}:${day} ${hour}:${minute}:${second}`,
      "EXIF.DATE": `${year}-${month}-${day}`,
      "EXIF.TIME": `${hour}:${minute}:${second}`,
      "EXIF.YEAR": Number(year),
      "EXIF.YEAR.SHORT": year!.slice(2),
      "EXIF.MONTH": month!,
      "EXIF.DAY": day!,
      "EXIF.HOUR": hour!,
      "EXIF.MINUTE": minute!,
      "EXIF.SECOND": second!,
    };
  }
  return {};
}

/** An ASCII field. Copyright has the photographer's and the editor's in one, a NUL between them: the first counts. */
function text(field: TiffField | undefined): string {
  if (field?.type !== 2 && field?.type !== 7) return "";
  const parts = decodedText(field.value).split("\0").map(shownText);
  return parts.find((part) => part !== "") ?? "";
}

/** RATIONAL and SRATIONAL fields; a part that is no number is left out. */
function rationals(field: TiffField | undefined): number[] {
  if (field?.type !== 5 && field?.type !== 10) return [];
  const view = new DataView(field.value.buffer, field.value.byteOffset, field.value.byteLength);
  const part = (at: number) => (field.type === 5 ? view.getUint32(at, true) : view.getInt32(at, true));
  return Array.from({ length: Math.min(field.count, 3) }, (_, i) => part(i * 8) / part(i * 8 + 4)).filter(
    Number.isFinite,
  );
}

function tenths(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10) / 10;
}

function signed(value: number | null): string | null {
  return value === null ? null : `${value > 0 ? "+" : ""}${value}`;
}

/** `1/250`, or seconds from a third of one on. */
function exposure(seconds: number | undefined): string | null {
  if (seconds === undefined || seconds <= 0) return null;
  return seconds < 0.3 ? `1/${Math.round(1 / seconds)}` : String(Math.round(seconds * 10) / 10);
}

/** Degrees, minutes and seconds as one number of four decimals. */
function degrees(field: TiffField | undefined, ref: TiffField | undefined, negative: string): string | null {
  const [whole, minutes, seconds] = rationals(field);
  if (whole === undefined || minutes === undefined || seconds === undefined) return null;
  const value = whole + minutes / 60 + seconds / 3600;
  return (text(ref).startsWith(negative) ? -value : value).toFixed(4);
}
