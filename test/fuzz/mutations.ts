const PIECES = [
  "",
  ".",
  "..",
  "://",
  "@",
  ":",
  ":443",
  ":65536",
  "/",
  "\\",
  "?",
  "#",
  "%00",
  "%2e",
  " ",
  "\t",
  "\r\n",
  "\0",
  "\u212A",
  "\u3002",
  "\uD800",
  "é",
  "xn--",
  "*",
  "null",
  "[::1]",
  "Bearer ",
  "bearer",
  ", ",
  "==",
  "-_",
  "{}",
  "[]",
  '"',
  "\\u0000",
  "__proto__",
  "constructor",
  "1e999",
  "-1",
  "NaN",
  "true",
  "none",
  "HS256",
  "RS256",
  "a".repeat(300),
  "A".repeat(9_000),
];

/** A text with one to four changes: characters flipped, taken out or doubled, pieces put in, ends exchanged. */
export function mutated(text: string, random: () => number, others: readonly string[] = []): string {
  let result = text;
  const below = (limit: number) => Math.floor(random() * limit);
  for (let turns = 1 + below(4); turns > 0; turns--) {
    const at = below(result.length + 1);
    const length = below(6);
    switch (below(7)) {
      case 0:
        result = result.slice(0, at) + String.fromCharCode(below(256)) + result.slice(at + 1);
        break;
      case 1:
        result = result.slice(0, at) + result.slice(at + length);
        break;
      case 2:
        result = result.slice(0, at + length) + result.slice(at);
        break;
      case 3:
      case 4:
        result = result.slice(0, at) + PIECES[below(PIECES.length)]! + result.slice(at + length);
        break;
      case 5: {
        const other = others[below(others.length)] ?? "";
        result = result.slice(0, at) + other.slice(below(other.length + 1));
        break;
      }
      default:
        result = result.slice(0, at);
    }
  }
  return result.slice(0, 20_000);
}
