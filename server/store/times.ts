/** A day in milliseconds. */
export const DAY_MS = 86_400_000;

/** A time as S3's XML has it. */
export function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}
