const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** 1536000 → "1.5 MB"; decimal units, as cameras and cards have them. Pure. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** 3661 → "1:01:01". Pure. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** 1204 → "1,204". Pure. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** 1 → "1 picture". Pure. */
export function pictures(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "picture" : "pictures"}`;
}

/** A bar of `width` characters, `part` from 0 to 1. Pure. */
export function bar(part: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)}`;
}

/** A text with a bar before it, of which `part` is full, where the terminal has room for one. Pure. */
export function barBefore(text: string, part: number, columns: number): string {
  const width = Math.min(30, columns - text.length - 4);
  return width < 8 ? text.slice(0, columns - 1) : `${bar(part, width)}  ${text}`;
}

/** Names on the left and values on the right, one row a line. Pure. */
export function aligned(rows: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(([name, value]) => `  ${name.padEnd(14)} ${value.padStart(width)}`);
}

/** Control characters in file names must not reach a terminal. Pure. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "�");
}
