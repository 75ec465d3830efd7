const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true });
const LATIN1 = new TextDecoder("latin1");
/** A longer text is no caption. */
const MOST_CHARACTERS = 2000;

/** UTF-8 where it is, or else Latin-1: what old programs wrote, whatever they said. */
export function decodedText(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return LATIN1.decode(bytes);
  }
}

/** A text fit to be shown: controls are spaces, none at its ends, at most 2,000 characters; line ends stay. */
export function shownText(text: string): string {
  return text
    .slice(0, MOST_CHARACTERS)
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n]/gu, " ")
    .toWellFormed()
    .trim();
}
