import { type ItemView, picturePath, previewPath, thumbPath } from "#contracts/ipc.ts";
import { pictureVariables } from "#imaging/metadata/picture-variables.ts";
import stillLife from "../../import/still-life.webp";
import type { StagedPicture } from "./preview-stage.ts";

/** A picture that marks are tried on: one of the latest import's, or a part of the built-in one. */
export interface TrialPicture {
  readonly key: string;
  readonly name: string;
  readonly variables: Readonly<Record<string, string | number>>;
  readonly item: ItemView | null;
  /** Of a built-in one: width ÷ height. */
  readonly aspect: number;
}

export interface LoadedPicture extends StagedPicture {
  /** False where browsers cannot decode it, and a smaller one stands for it. */
  readonly isFull: boolean;
  /** What its file says, where it was read. */
  readonly variables: Readonly<Record<string, string | number>>;
}

/** Pictures on a contact sheet. */
export const SHEET = 24;
/** Longer side of a picture of which nothing but a thumbnail is known. Pixels. */
const ASSUMED_SIDE = 6_000;
const THUMB_SIDE = 240;
/** All orientations and aspects that cameras, phones and shops have. */
const ASPECTS: readonly number[] = [
  3 / 2,
  2 / 3,
  4 / 3,
  3 / 4,
  1,
  4 / 5,
  5 / 4,
  16 / 9,
  9 / 16,
  2,
  1 / 2,
  7 / 6,
  6 / 7,
  21 / 9,
  9 / 21,
  3,
  1 / 3,
  7 / 5,
  5 / 7,
  1.91,
  1 / 1.91,
  8 / 5,
  5 / 8,
  11 / 10,
];

/** 24 pictures: of the import's, spread over it; the rest are parts of the built-in one in other shapes. Pure. */
export function trialPictures(items: readonly ItemView[]): readonly TrialPicture[] {
  const step = Math.max(1, items.length / SHEET);
  const chosen = Array.from(
    { length: Math.min(SHEET, items.length) },
    (_, i) => items[Math.floor(i * step)]!,
  );
  const own = chosen.map((item): TrialPicture => {
    const name = item.file.slice(item.file.lastIndexOf("/") + 1);
    const dot = name.lastIndexOf(".");
    return {
      key: `item ${item.id}`,
      name,
      item,
      aspect: 0,
      variables: {
        "FILE.NAME": dot > 0 ? name.slice(0, dot) : name,
        "FILE.EXTENSION": dot > 0 ? name.slice(dot + 1) : "",
        "FILE.FOLDER": item.file.slice(0, Math.max(0, item.file.lastIndexOf("/"))),
        SEQUENCE: item.index + 1,
      },
    };
  });
  const rest = ASPECTS.slice(0, SHEET - own.length).map(
    (aspect, i): TrialPicture => ({ key: `sample ${i}`, name: "", variables: {}, item: null, aspect }),
  );
  return [...own, ...rest];
}

let sample: Promise<ImageBitmap> | null = null;

function builtIn(): Promise<ImageBitmap> {
  sample ??= fetch(stillLife).then(async (response) => createImageBitmap(await response.blob()));
  return sample;
}

/** Its pixels have been lost. */
export function forgetBuiltIn(): void {
  sample = null;
}

async function fetched(path: string, signal: AbortSignal): Promise<Blob | null> {
  const response = await fetch(path, { signal });
  return response.status === 200 ? await response.blob() : null;
}

async function decoded(blob: Blob | null): Promise<ImageBitmap | null> {
  if (!blob) return null;
  return await createImageBitmap(blob, { imageOrientation: "from-image", premultiplyAlpha: "none" }).catch(
    () => null,
  );
}

/** The picture with all of its pixels where they can be had. `null`: it cannot be shown. */
export async function loadPicture(
  { item, aspect }: TrialPicture,
  { signal }: { readonly signal: AbortSignal },
): Promise<LoadedPicture | null> {
  if (!item) {
    const bitmap = await partOf(await builtIn(), aspect);
    const { width, height } = bitmap;
    return { bitmap, size: { width, height }, isFull: true, variables: {} };
  }
  const file = await fetched(picturePath(item.id), signal);
  const whole = await decoded(file);
  const bitmap = whole ?? (await decoded(await fetched(previewPath(item.id, "original"), signal)));
  if (!bitmap) return null;
  const { width, height } = bitmap;
  const variables = file && whole ? pictureVariables(new Uint8Array(await file.arrayBuffer())) : {};
  return { bitmap, size: { width, height }, isFull: whole !== null, variables };
}

/** A small one for the contact sheet, at its size there. `scale`: against the size that is assumed of it. */
export async function loadThumb(
  { item, aspect }: TrialPicture,
  { signal }: { readonly signal: AbortSignal },
): Promise<(StagedPicture & { readonly scale: number }) | null> {
  const source = item
    ? await decoded(await fetched(thumbPath(item.id), signal))
    : await partOf(await builtIn(), aspect);
  if (!source) return null;
  const longer = Math.max(source.width, source.height);
  const shrink = Math.min(1, (THUMB_SIDE * devicePixelRatio) / longer);
  const [resizeWidth, resizeHeight] = [source.width, source.height].map((side) =>
    Math.max(1, Math.round(side * shrink)),
  );
  const bitmap = await createImageBitmap(source, {
    resizeWidth: resizeWidth!,
    resizeHeight: resizeHeight!,
    resizeQuality: "high",
  });
  source.close();
  const scale = Math.min(1, Math.max(bitmap.width, bitmap.height) / ASSUMED_SIDE);
  return {
    bitmap,
    scale,
    size: { width: Math.round(bitmap.width / scale), height: Math.round(bitmap.height / scale) },
  };
}

/** The largest part of this shape from the picture's middle. */
function partOf(bitmap: ImageBitmap, aspect: number): Promise<ImageBitmap> {
  const width = Math.round(Math.min(bitmap.width, bitmap.height * aspect));
  const height = Math.round(Math.min(bitmap.height, bitmap.width / aspect));
  const [left, top] = [Math.round((bitmap.width - width) / 2), Math.round((bitmap.height - height) / 2)];
  return createImageBitmap(bitmap, left, top, width, height);
}
