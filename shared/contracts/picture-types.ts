/** What a file's name says about it. Content decides later; the name only sorts files at the scan. */
export type PictureKind = "markable" | "heic" | "raw" | "other";

const MARKABLE = new Map([
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["jpe", "image/jpeg"],
  ["jfif", "image/jpeg"],
  ["png", "image/png"],
  ["webp", "image/webp"],
  ["tif", "image/tiff"],
  ["tiff", "image/tiff"],
  ["avif", "image/avif"],
  ["gif", "image/gif"],
]);
const HEIC = new Set(["heic", "heif", "hif"]);
const RAW = new Set(
  "3fr ari arw bay braw cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf pef ptx pxn r3d raf raw rw2 rwl rwz sr2 srf srw x3f".split(
    " ",
  ),
);

/** The extension of a file name in lower case without its dot; "" when it has none. */
export function extensionOf(fileName: string): string {
  const name = fileName.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

export function pictureKind(fileName: string): PictureKind {
  const extension = extensionOf(fileName);
  if (MARKABLE.has(extension)) return "markable";
  if (HEIC.has(extension)) return "heic";
  return RAW.has(extension) ? "raw" : "other";
}

/** The media type that a markable file's name promises. */
export function contentTypeOf(fileName: string): string {
  return MARKABLE.get(extensionOf(fileName)) ?? "application/octet-stream";
}

/** Temporary and system files that no import may touch (`.tmp`, `.part`, `._*`, `~$`; studio.md, folder watching). */
export function isTemporaryName(name: string): boolean {
  return /^(\._|~\$|\.DS_Store$|Thumbs\.db$|desktop\.ini$)|\.(tmp|part|partial|crdownload)$/i.test(name);
}
