import type { Diagnostic } from "#template/diagnostic.ts";
import { printable } from "./format.ts";

/** Of a source line, around what is marked. Characters. */
const LONGEST_EXCERPT = 100;
/** Characters that take two columns of a terminal: East Asian wide ones (UAX 11, the large blocks) and pictographs. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

const SEVERITY_COLORS = { error: 31, warning: 33 } as const;

/**
 * A diagnostic as compilers print theirs: place, what is wrong, the source's line and carets below the words.
 * @param color with the escapes of a terminal. Pure.
 */
export function diagnosticText(file: string, source: string, diagnostic: Diagnostic, color: boolean): string {
  const { line, column, endLine, endColumn, severity, code, message } = diagnostic;
  const paint = (text: string, ...codes: number[]) =>
    color ? `\x1b[${codes.join(";")}m${text}\x1b[0m` : text;
  const shade = SEVERITY_COLORS[severity];
  const head = `${paint(`${printable(file)}:${line}:${column}:`, 1)} ${paint(`${severity}:`, 1, shade)} ${printable(message)} ${paint(`[${code}]`, 2)}`;
  const text = source.split(/\r\n|\n|\r/)[line - 1];
  if (text === undefined || text.trim() === "") return head;
  const end = endLine > line ? text.length + 1 : endColumn;
  const from = Math.max(0, Math.min(column - 1 - LONGEST_EXCERPT / 2, text.length - LONGEST_EXCERPT));
  const shown = text.slice(from, from + LONGEST_EXCERPT);
  const gutter = String(line);
  const before = shown.slice(0, column - 1 - from);
  const marked = shown.slice(column - 1 - from, Math.max(column, end) - 1 - from);
  const carets = "^".repeat(Math.max(1, columnsOf(marked)));
  return [
    head,
    `  ${paint(`${gutter} │`, 2)} ${onOneLine(shown)}`,
    `  ${paint(`${" ".repeat(gutter.length)} │`, 2)} ${" ".repeat(columnsOf(before))}${paint(carets, shade)}`,
  ].join("\n");
}

function onOneLine(text: string): string {
  return printable(text.replaceAll("\t", " ").toWellFormed());
}

function columnsOf(text: string): number {
  return Array.from(text).reduce((columns, character) => columns + (WIDE.test(character) ? 2 : 1), 0);
}
