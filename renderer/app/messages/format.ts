export type Language = "en" | "zh";

/** Numbers, sizes and times in the words of one language. */
export interface Format {
  /** 1,204 */
  readonly n: (value: number) => string;
  /** 92 MB; three digits at most. */
  readonly bytes: (value: number) => string;
  /** 0:47, 12:03, 1:02:11 */
  readonly duration: (seconds: number) => string;
  /** 38/s; one decimal below ten. */
  readonly perSecond: (value: number) => string;
  /** 45 % */
  readonly percent: (ratio: number) => string;
  /** 4.5 %; one decimal at most. */
  readonly percentTenths: (ratio: number) => string;
  /** Date and time of an instant in milliseconds. */
  readonly time: (ms: number) => string;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function createFormat(language: Language): Format {
  const locale = language === "zh" ? "zh-CN" : "en";
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const percentTenths = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const sized = UNITS.map((unit) =>
    [0, 1].map(
      (digits) =>
        new Intl.NumberFormat(locale, {
          style: "unit",
          unit,
          unitDisplay: unit === "byte" ? "long" : "short",
          maximumFractionDigits: digits,
        }),
    ),
  );
  return {
    n: (value) => whole.format(value),
    bytes(value) {
      let size = Math.max(0, value);
      let unit = 0;
      while (size >= 999.5 && unit < UNITS.length - 1) {
        size /= 1000;
        unit += 1;
      }
      return sized[unit]![unit > 0 && size < 9.95 ? 1 : 0]!.format(size);
    },
    duration(seconds) {
      const total = Math.max(0, Math.round(seconds));
      const two = (value: number) => String(value).padStart(2, "0");
      const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
      return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
    },
    perSecond: (value) => `${value < 9.95 ? tenths.format(value) : whole.format(value)}/s`,
    percent: (ratio) => percent.format(ratio),
    percentTenths: (ratio) => percentTenths.format(ratio),
    time: (ms) => time.format(ms),
  };
}
