import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";

/** In display-independent pixels. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const savedSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  maximized: z.boolean(),
});
export type SavedWindow = z.infer<typeof savedSchema>;

export const MINIMUM_SIZE = { width: 720, height: 480 } as const;
const FIRST_SIZE = { width: 1280, height: 832 } as const;
/** This much of the title bar must lie on a screen, so that a person can get hold of it. */
const GRIP = { width: 96, height: 24 } as const;

/** `null` when there is none, or none that makes sense. */
export function readSavedWindow(file: string): SavedWindow | null {
  try {
    return savedSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null; // The first start, or a file that somebody else wrote: the window gets its first size.
  }
}

/** Replaces the file whole, so that a crash leaves the old one or the new one. */
export function saveWindow(file: string, saved: SavedWindow): void {
  const temporary = `${file}.new`;
  writeFileSync(temporary, JSON.stringify(saved), { mode: 0o600 });
  renameSync(temporary, file);
}

/** Where the window opens: where it was, if that is still on one of the screens; else its first size, centred. Pure. */
export function placeWindow(
  saved: SavedWindow | null,
  screens: readonly Bounds[],
): Partial<Bounds> & { readonly width: number; readonly height: number } {
  if (!saved) return FIRST_SIZE;
  const width = Math.max(saved.width, MINIMUM_SIZE.width);
  const height = Math.max(saved.height, MINIMUM_SIZE.height);
  const reachable = screens.some(
    (screen) =>
      saved.y >= screen.y &&
      saved.y + GRIP.height <= screen.y + screen.height &&
      Math.min(saved.x + width, screen.x + screen.width) - Math.max(saved.x, screen.x) >= GRIP.width,
  );
  return reachable ? { x: saved.x, y: saved.y, width, height } : { width, height };
}
