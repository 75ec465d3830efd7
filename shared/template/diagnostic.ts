import { LineIndex, type Span } from "./position.ts";

/** Every kind of thing that can be wrong with a template. Closed; the guide explains them by group. */
export const DIAGNOSTIC_CODES = [
  "source.too_large",
  "source.unreadable",
  "syntax.unexpected",
  "syntax.unexpected_character",
  "syntax.unterminated",
  "syntax.escape",
  "syntax.number",
  "syntax.color",
  "syntax.too_deep",
  "syntax.token",
  "template.missing",
  "template.several",
  "template.name",
  "template.empty",
  "template.too_many_layers",
  "template.level",
  "setting.unknown",
  "setting.duplicate",
  "setting.misplaced",
  "setting.missing",
  "layer.unknown",
  "layer.misplaced",
  "value.type",
  "value.range",
  "value.unknown",
  "value.not_constant",
  "value.too_long",
  "variable.unknown",
  "variable.cycle",
  "function.unknown",
  "function.arguments",
  "font.unknown",
  "font.weight",
  "asset.name",
  "asset.missing",
  "asset.invalid",
  "asset.unsafe",
  "asset.too_large",
  "token.photo_mechanic",
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** Something to say about a place in a template. Lines and columns count from 1, columns in UTF-16 code units; ends
 *  are exclusive. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** With an error there is no operator; a warning leaves it in force. */
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly offset: number;
  readonly endOffset: number;
  /** What to put in place of the marked text. */
  readonly suggestion?: string;
}

/** More than these are not read by anybody. */
export const MOST_DIAGNOSTICS = 100;

export interface Finding {
  readonly code: DiagnosticCode;
  readonly span: Span;
  readonly message: string;
  readonly severity?: "error" | "warning";
  readonly suggestion?: string | undefined;
}

/** Gathers what lexer, parser and checker find in one source. */
export class Findings {
  readonly #findings: Finding[] = [];
  #errors = 0;

  report(finding: Finding): void {
    if (finding.severity !== "warning") this.#errors++;
    if (this.#findings.length < MOST_DIAGNOSTICS) this.#findings.push(finding);
  }

  /** Errors reported, those beyond {@link MOST_DIAGNOSTICS} included. */
  get errors(): number {
    return this.#errors;
  }

  /** All of them in the order of their places. */
  diagnostics(source: string): readonly Diagnostic[] {
    const lines = new LineIndex(source);
    return this.#findings
      .toSorted((a, b) => a.span.start - b.span.start || a.span.end - b.span.end)
      .map(({ code, span, message, severity = "error", suggestion }) => {
        const start = lines.positionOf(span.start);
        const end = lines.positionOf(span.end);
        return {
          code,
          severity,
          message,
          line: start.line,
          column: start.column,
          endLine: end.line,
          endColumn: end.column,
          offset: start.offset,
          endOffset: end.offset,
          ...(suggestion !== undefined && { suggestion }),
        };
      });
  }
}
