/** What a template may ask about a picture, its job, its user and the moment. Types are of the values in expressions. */
export type VariableType = "text" | "number";
export type VariableGroup = "picture" | "file" | "exif" | "iptc" | "job" | "user" | "clock" | "template";

export interface VariableEntry {
  readonly name: string;
  readonly type: VariableType;
  readonly group: VariableGroup;
  /** For people, a noun without its article's full stop. */
  readonly meaning: string;
  readonly example: string;
}

const ROWS: readonly (readonly [string, VariableType, VariableGroup, string, string])[] = [
  ["width", "number", "picture", "width of the upright picture in pixels", "6000"],
  ["height", "number", "picture", "height of the upright picture in pixels", "4000"],
  ["short_side", "number", "picture", "shorter side in pixels", "4000"],
  ["long_side", "number", "picture", "longer side in pixels", "6000"],
  ["aspect", "number", "picture", "width ÷ height", "1.5"],
  ["megapixels", "number", "picture", "width × height ÷ 1,000,000", "24"],
  ["orientation", "text", "picture", "`portrait`, `landscape` or `square`", "landscape"],
  ["FILE.NAME", "text", "file", "file name without its extension", "IMG_0412"],
  ["FILE.EXTENSION", "text", "file", "extension of the file name", "jpg"],
  ["FILE.FOLDER", "text", "file", "folder that the file is in", "/shoot/day 1"],
  ["EXIF.DATE_TIME", "text", "exif", "when the picture was taken, as EXIF writes it", "2026:11:25 18:16:28"],
  ["EXIF.DATE", "text", "exif", "day on which the picture was taken", "2026-11-25"],
  ["EXIF.TIME", "text", "exif", "time at which the picture was taken", "18:16:28"],
  ["EXIF.YEAR", "number", "exif", "year in which the picture was taken", "2026"],
  ["EXIF.YEAR.SHORT", "text", "exif", "the same year in two digits", "26"],
  ["EXIF.MONTH", "text", "exif", "month in which the picture was taken", "11"],
  ["EXIF.DAY", "text", "exif", "day of the month on which the picture was taken", "25"],
  ["EXIF.HOUR", "text", "exif", "hour in which the picture was taken", "18"],
  ["EXIF.MINUTE", "text", "exif", "minute in which the picture was taken", "16"],
  ["EXIF.SECOND", "text", "exif", "second in which the picture was taken", "28"],
  ["EXIF.ISO", "number", "exif", "sensitivity", "200"],
  ["EXIF.APERTURE", "number", "exif", "f-number", "5.6"],
  ["EXIF.EXPOSURE", "text", "exif", "exposure time", "1/250"],
  ["EXIF.EXPOSURE.BIAS", "text", "exif", "exposure compensation", "-0.3"],
  ["EXIF.FOCAL.LENGTH", "number", "exif", "focal length in millimetres", "85"],
  ["MAKER", "text", "exif", "maker of the camera", "Nikon"],
  ["MODEL", "text", "exif", "model of the camera", "Z 8"],
  ["LENS", "text", "exif", "lens", "85 mm f/1.8"],
  ["LATITUDE", "text", "exif", "latitude", "52.5200"],
  ["LONGITUDE", "text", "exif", "longitude", "13.4050"],
  ["IPTC.CREATOR", "text", "iptc", "creator (`dc:creator`)", "Anna Kern"],
  ["IPTC.COPYRIGHT", "text", "iptc", "copyright notice (`dc:rights`)", "© 2026 Studio Kern"],
  ["IPTC.CREDIT", "text", "iptc", "credit line", "Kern/Agency"],
  ["IPTC.DESCRIPTION", "text", "iptc", "description", "Red shoe, left"],
  ["IPTC.HEADLINE", "text", "iptc", "headline", "Autumn shoes"],
  ["IPTC.TITLE", "text", "iptc", "title", "Shoe 12"],
  ["IPTC.KEYWORDS", "text", "iptc", "keywords, with commas between them", "shoe, red"],
  ["IPTC.JOB_ID", "text", "iptc", "job identifier", "2026-117"],
  ["IPTC.USAGE_TERMS", "text", "iptc", "usage terms", "Web only"],
  ["IPTC.CITY", "text", "iptc", "city", "Berlin"],
  ["IPTC.COUNTRY", "text", "iptc", "country", "Germany"],
  ["STARS", "number", "iptc", "rating, 0 to 5", "4"],
  ["LABELS", "text", "iptc", "colour label", "green"],
  ["JOBCODE", "text", "job", "code of the job", "KERN-117"],
  ["SEQUENCE", "number", "job", "place of the picture in its job, from 1", "12"],
  ["SKU", "text", "job", "article number", "SH-0042"],
  ["CLIENT", "text", "job", "client of the job", "Nordlicht GmbH"],
  ["batch_id", "text", "user", "delivery that the copy belongs to", "b-20261125"],
  ["user_id", "text", "user", "user for whom the copy is made", "kern"],
  ["user_name", "text", "user", "name of that user", "Anna Kern"],
  ["device_id", "text", "user", "device for which the copy is made", "studio-mac-2"],
  ["recipient", "text", "user", "who receives the copy", "print@example.com"],
  ["client_ip", "text", "clock", "network address that asked for the copy", "203.0.113.7"],
  ["entropy", "text", "clock", "something random, new with each copy", "9f2c41d07be3"],
  ["timestamp_ms", "number", "clock", "when the copy is made, milliseconds since 1970", "1795630588000"],
  ["YEAR", "number", "clock", "year in which the copy is made", "2026"],
  ["YEAR.SHORT", "text", "clock", "the same year in two digits", "26"],
  ["MONTH", "text", "clock", "month in which the copy is made", "11"],
  ["DAY", "text", "clock", "day on which the copy is made", "25"],
  ["HOUR", "text", "clock", "hour in which the copy is made", "18"],
  ["MINUTE", "text", "clock", "minute in which the copy is made", "16"],
  ["SECOND", "text", "clock", "second in which the copy is made", "28"],
  ["payload", "text", "template", "the template's own payload", "ECO-2026"],
  ["NL", "text", "template", "the end of a line", "\n"],
];

/** Every variable, by its name. */
export const VARIABLES: Readonly<Record<string, VariableEntry>> = Object.fromEntries(
  ROWS.map(([name, type, group, meaning, example]) => [name, { name, type, group, meaning, example }]),
);

/** darktable's names for variables that have another name here. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["CREATOR", "IPTC.CREATOR"],
  ["RIGHTS", "IPTC.COPYRIGHT"],
  ["TITLE", "IPTC.TITLE"],
  ["DESCRIPTION", "IPTC.DESCRIPTION"],
  ["TAGS", "IPTC.KEYWORDS"],
  ["USERNAME", "user_name"],
  ["WIDTH.RAW", "width"],
  ["HEIGHT.RAW", "height"],
  ["WIDTH.EXPORT", "width"],
  ["HEIGHT.EXPORT", "height"],
]);

/** The entry of a name, darktable's own names included. Pure. */
export function variableOf(name: string): VariableEntry | undefined {
  const known = ALIASES.get(name) ?? name;
  return Object.hasOwn(VARIABLES, known) ? VARIABLES[known] : undefined;
}

/** Words that stand for themselves in conditions. */
export const CONSTANTS: Readonly<Record<string, string | boolean>> = {
  portrait: "portrait",
  landscape: "landscape",
  square: "square",
  true: true,
  false: false,
};
