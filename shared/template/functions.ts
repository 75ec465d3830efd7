import { formatDate } from "./dates.ts";
import { sha256Hex } from "./sha256.ts";
import {
  capitalize,
  padText,
  removePrefix,
  removeSuffix,
  replaceAll,
  replaceFirst,
  sliceText,
  uncapitalize,
} from "./text-operations.ts";

export type Value = string | number | boolean;
/** A number is a text where a text is wanted. */
export type ValueType = "text" | "number" | "boolean";

export interface FunctionEntry {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: ValueType }[];
  /** Parameters that must be given. */
  readonly required: number;
  readonly result: ValueType;
  readonly meaning: string;
  readonly example: string;
  /** Gets values of the parameters' types, `undefined` for those not given. Pure. */
  readonly apply: (...args: never[]) => Value;
}

/** A value as it is written into a text. Pure. */
export function textOf(value: Value): string {
  return String(value);
}

type ParameterList = `${string}:${ValueType}${"" | "?"}`[];

function entry(
  name: string,
  parameters: ParameterList,
  result: ValueType,
  meaning: string,
  example: string,
  apply: (...args: never[]) => Value,
): FunctionEntry {
  return {
    name,
    parameters: parameters.map((each) => {
      const [parameter, type] = each.split(":") as [string, string];
      return { name: parameter, type: type.replace("?", "") as ValueType };
    }),
    required: parameters.filter((each) => !each.endsWith("?")).length,
    result,
    meaning,
    example,
    apply,
  };
}

const ENTRIES: readonly FunctionEntry[] = [
  entry("sha256", ["text:text"], "text", "SHA-256 in hexadecimal", "sha256(user_id)", (text: string) =>
    sha256Hex(text),
  ),
  entry(
    "date",
    ["ms:number", "pattern:text?"],
    "text",
    "a time (UTC) as text; the pattern has `YYYY`, `YY`, `MM`, `DD`, `hh`, `mm` and `ss`",
    'date(timestamp_ms, "DD.MM.YYYY")',
    (ms: number, pattern?: string) => formatDate(ms, pattern ?? "YYYY-MM-DD"),
  ),
  entry("upper", ["text:text"], "text", "in capitals", "upper(JOBCODE)", (text: string) =>
    text.toUpperCase(),
  ),
  entry("lower", ["text:text"], "text", "in small letters", "lower(SKU)", (text: string) =>
    text.toLowerCase(),
  ),
  entry(
    "capitalize",
    ["text:text"],
    "text",
    "the first letter as a capital",
    "capitalize(IPTC.TITLE)",
    capitalize,
  ),
  entry(
    "uncapitalize",
    ["text:text"],
    "text",
    "the first letter small",
    "uncapitalize(IPTC.TITLE)",
    uncapitalize,
  ),
  entry(
    "slice",
    ["text:text", "offset:number", "length:number?"],
    "text",
    "characters from an offset on, at most so many; negative numbers count from the end",
    "slice(sha256(user_id), 0, 8)",
    sliceText,
  ),
  entry(
    "default",
    ["text:text", "instead:text"],
    "text",
    "the second where the first is empty",
    'default(IPTC.CREATOR, "Studio Kern")',
    (text: string, instead: string) => (text === "" ? instead : text),
  ),
  entry(
    "if_set",
    ["text:text", "then:text"],
    "text",
    "the second unless the first is empty",
    'if_set(SKU, "with a number")',
    (text: string, then: string) => (text === "" ? "" : then),
  ),
  entry(
    "choose",
    ["condition:boolean", "yes:text", "no:text"],
    "text",
    "one of two, by a condition",
    'choose(STARS >= 4, "Select", "Proof")',
    (condition: boolean, yes: string, no: string) => (condition ? yes : no),
  ),
  entry(
    "replace",
    ["text:text", "pattern:text", "replacement:text"],
    "text",
    "with every occurrence replaced; patterns are plain text",
    'replace(FILE.NAME, "_", " ")',
    replaceAll,
  ),
  entry(
    "replace_first",
    ["text:text", "pattern:text", "replacement:text"],
    "text",
    "with the first occurrence replaced",
    'replace_first(FILE.NAME, "IMG", "PM")',
    replaceFirst,
  ),
  entry(
    "replace_prefix",
    ["text:text", "pattern:text", "replacement:text"],
    "text",
    "with what it begins with replaced",
    'replace_prefix(FILE.NAME, "_", "")',
    (text: string, pattern: string, replacement: string) =>
      pattern !== "" && text.startsWith(pattern) ? replacement + text.slice(pattern.length) : text,
  ),
  entry(
    "replace_suffix",
    ["text:text", "pattern:text", "replacement:text"],
    "text",
    "with what it ends with replaced",
    'replace_suffix(FILE.NAME, "-1", "")',
    (text: string, pattern: string, replacement: string) =>
      pattern !== "" && text.endsWith(pattern) ? text.slice(0, -pattern.length) + replacement : text,
  ),
  entry(
    "remove_prefix",
    ["text:text", "pattern:text"],
    "text",
    "without what it begins with",
    'remove_prefix(FILE.NAME, "IMG_")',
    removePrefix,
  ),
  entry(
    "remove_suffix",
    ["text:text", "pattern:text"],
    "text",
    "without what it ends with",
    'remove_suffix(FILE.NAME, "-Edit")',
    removeSuffix,
  ),
  entry(
    "trim",
    ["text:text"],
    "text",
    "without white space around it",
    "trim(IPTC.HEADLINE)",
    (text: string) => text.trim(),
  ),
  entry(
    "pad",
    ["text:text", "length:number", "with:text?"],
    "text",
    "filled up on the left; with zeros unless told otherwise",
    "pad(SEQUENCE, 4)",
    padText,
  ),
  entry(
    "length",
    ["text:text"],
    "number",
    "how many characters",
    "length(IPTC.TITLE)",
    (text: string) => Array.from(text).length,
  ),
  entry(
    "contains",
    ["text:text", "part:text"],
    "boolean",
    "whether the second is in the first",
    'contains(IPTC.KEYWORDS, "proof")',
    (text: string, part: string) => text.includes(part),
  ),
  entry(
    "starts_with",
    ["text:text", "part:text"],
    "boolean",
    "whether the first begins with the second",
    'starts_with(FILE.NAME, "PM")',
    (text: string, part: string) => text.startsWith(part),
  ),
  entry(
    "ends_with",
    ["text:text", "part:text"],
    "boolean",
    "whether the first ends with the second",
    'ends_with(FILE.NAME, "bw")',
    (text: string, part: string) => text.endsWith(part),
  ),
  entry(
    "is_set",
    ["value:text"],
    "boolean",
    "whether there is anything",
    "is_set(SKU)",
    (text: string) => text !== "",
  ),
  entry("number", ["text:text"], "number", "a text's number", "number(EXIF.MONTH)", (text: string) =>
    text.trim() === "" ? Number.NaN : Number(text),
  ),
  entry(
    "round",
    ["number:number", "digits:number?"],
    "number",
    "rounded, to digits behind the point",
    "round(megapixels, 1)",
    (value: number, digits = 0) => {
      const scale = 10 ** Math.min(12, Math.max(0, Math.trunc(digits)));
      return Math.round(value * scale) / scale;
    },
  ),
  entry("floor", ["number:number"], "number", "rounded down", "floor(aspect)", (value: number) =>
    Math.floor(value),
  ),
  entry(
    "min",
    ["a:number", "b:number"],
    "number",
    "the smaller one",
    "min(STARS, 3)",
    (a: number, b: number) => Math.min(a, b),
  ),
  entry(
    "max",
    ["a:number", "b:number"],
    "number",
    "the larger one",
    "max(STARS, 1)",
    (a: number, b: number) => Math.max(a, b),
  ),
];

/** Every function, by its name. All are pure, and take time linear in their texts. */
export const FUNCTIONS: Readonly<Record<string, FunctionEntry>> = Object.fromEntries(
  ENTRIES.map((each) => [each.name, each]),
);

export function functionOf(name: string): FunctionEntry | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}
