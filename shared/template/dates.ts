/** A time (milliseconds since 1970, UTC) by a pattern of `YYYY`, `YY`, `MM`, `DD`, `hh`, `mm`, `ss`; all else stands as
 *  it is. "" for what is no time. Pure. */
export function formatDate(ms: number, pattern: string): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const year = String(date.getUTCFullYear()).padStart(4, "0");
  const fields: Readonly<Record<string, string>> = {
    YYYY: year,
    YY: year.slice(-2),
    MM: two(date.getUTCMonth() + 1),
    DD: two(date.getUTCDate()),
    hh: two(date.getUTCHours()),
    mm: two(date.getUTCMinutes()),
    ss: two(date.getUTCSeconds()),
  };
  return pattern.replace(/YYYY|YY|MM|DD|hh|mm|ss/g, (field) => fields[field]!);
}

/** The variables that follow from EXIF's `2026:11:25 18:16:28`; none from what is no such date. Pure. */
export function exifDateVariables(written: string): Readonly<Record<string, string>> {
  const match = /^(\d{4})[:-](\d\d)[:-](\d\d)(?:[ T](\d\d):(\d\d):(\d\d))?/.exec(written);
  if (!match) return {};
  const [, year, month, day, hour, minute, second] = match;
  return {
    "EXIF.YEAR": year!,
    "EXIF.YEAR.SHORT": year!.slice(2),
    "EXIF.MONTH": month!,
    "EXIF.DAY": day!,
    "EXIF.DATE": `${year}-${month}-${day}`,
    ...(hour !== undefined && {
      "EXIF.HOUR": hour,
      "EXIF.MINUTE": minute!,
      "EXIF.SECOND": second!,
      "EXIF.TIME": `${hour}:${minute}:${second}`,
    }),
  };
}

/** The variables that follow from the moment at which a copy is made, in UTC. Pure. */
export function clockVariables(ms: number): Readonly<Record<string, string>> {
  if (formatDate(ms, "YYYY") === "") return {};
  return {
    YEAR: formatDate(ms, "YYYY"),
    "YEAR.SHORT": formatDate(ms, "YY"),
    MONTH: formatDate(ms, "MM"),
    DAY: formatDate(ms, "DD"),
    HOUR: formatDate(ms, "hh"),
    MINUTE: formatDate(ms, "mm"),
    SECOND: formatDate(ms, "ss"),
  };
}
