/** Photo Mechanic's variables that have a token of the same meaning, by all their names. */
const TOKENS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "FILE.NAME": "filenamebase fbas",
    "FILE.FOLDER": "folder fldr",
    "SEQUENCE[4,1]": "sequence seqn",
    LABELS: "colorclass color colr",
    STARS: "rating ratg",
    JOBCODE: "jobcode",
    CLIENT: "client clientname",
    "IPTC.CREATOR": "byline photographer photog photo",
    "IPTC.COPYRIGHT": "copyright copy",
    "IPTC.CREDIT": "credit cred",
    "IPTC.DESCRIPTION": "caption capt",
    "IPTC.HEADLINE": "headline head",
    "IPTC.TITLE": "title object objt",
    "IPTC.KEYWORDS": "keywords keyw",
    "IPTC.CITY": "city",
    "IPTC.COUNTRY": "country cntr",
    "EXIF.DATE": "date",
    "EXIF.TIME": "time",
    "EXIF.YEAR": "year4 yr4",
    "EXIF.YEAR.SHORT": "year2 yr2",
    "EXIF.MONTH": "month0 mn0",
    "EXIF.DAY": "day0",
    "EXIF.ISO": "iso",
    "EXIF.APERTURE": "aperture f",
    "EXIF.EXPOSURE": "shutter s",
    "EXIF.FOCAL.LENGTH": "focallength flen",
    MODEL: "model camera",
    LENS: "lens",
  }).flatMap(([token, names]) => names.split(" ").map((name) => [name, token] as const)),
);

/** `filenamebase` → `FILE.NAME`: what stands between `$(` and `)`. `undefined` when there is none. Pure. */
export function tokenOfPhotoMechanic(name: string): string | undefined {
  return TOKENS.get(name);
}

/** Turns each `{filenamebase}` of a text into its `$(FILE.NAME)`; what has no counterpart stays, and is named. Pure. */
export function convertPhotoMechanic(text: string): {
  readonly text: string;
  readonly unknown: readonly string[];
} {
  const unknown: string[] = [];
  const converted = text.replace(/\{([a-z0-9]{1,32})\}/g, (written, name: string) => {
    const token = TOKENS.get(name);
    if (token === undefined) unknown.push(name);
    return token === undefined ? written : `$(${token})`;
  });
  return { text: converted, unknown };
}

export const PHOTO_MECHANIC_NAMES: readonly string[] = [...TOKENS.keys()];
