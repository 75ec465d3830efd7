/** What is wrong with the name of an image in a template; `null` when nothing is. Names are paths below the template's
 *  folder, with `/`. Pure. */
export function assetNameProblem(name: string): string | null {
  if (name === "") return "The name of the image is missing.";
  if (name.length > 200) return "The name of an image has 200 characters at most.";
  if (/[\p{Cc}\\:*?"<>|]/u.test(name))
    return "The name of an image has no `\\`, `:` or other special signs. Folders are parted by `/`.";
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    return "An image lies in the template's folder or in a folder below it; `/` at the start, `.` and `..` lead elsewhere.";
  if (parts.some((part) => part.startsWith("."))) return "Hidden files are not read.";
  if (!/\.(?:png|svg)$/i.test(name)) return "An image is a PNG or an SVG file.";
  return null;
}
