import type { MarkOperator } from "#contracts/mark-operator.ts";
import type { Diagnostic } from "./diagnostic.ts";

/** Files of templates end so. */
export const TEMPLATE_EXTENSION = ".platemark";

/** A template that marks are made with. Jobs pin `version`, which never changes its meaning. */
export interface TemplateInForce {
  readonly name: string;
  /** SHA-256 of the operator's canonical JSON. */
  readonly version: string;
  readonly operator: MarkOperator;
}

/** One file of a library. */
export interface TemplateEntry {
  /** Its name in the folder. */
  readonly file: string;
  /** Newest text; "" where it cannot be read. */
  readonly source: string;
  /** What is wrong with the newest text. */
  readonly diagnostics: readonly Diagnostic[];
  /** Newest good version; `null` as long as there has been none. */
  readonly inForce: TemplateInForce | null;
  /** The newest text is not what is in force. */
  readonly outdated: boolean;
}

/** `loaded`: a new text is in force. `refused`: it is bad, and what was in force stays so. `removed`: the file has gone,
 *  and its template with it. */
export interface TemplateChange {
  readonly kind: "loaded" | "refused" | "removed";
  readonly entry: TemplateEntry;
}

/** The templates that there are now. Answers are values: a later change replaces them, and never alters them. */
export interface TemplateLibrary {
  /** By file name. */
  readonly entries: readonly TemplateEntry[];
  /** By the name in the template. */
  find(name: string): TemplateInForce | undefined;
  /** Calls the listener after each change, until disposed. */
  subscribe(listener: (change: TemplateChange) => void): Disposable;
}
