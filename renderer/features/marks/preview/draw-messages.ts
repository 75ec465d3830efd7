import type { BlendMode } from "#contracts/mark-operator.ts";
import type { ErrorBody } from "#kernel/errors.ts";
import type { Diagnostic } from "#template/diagnostic.ts";

/** A picture that a mark is drawn for. */
export interface DrawnPicture {
  /** Its overlay takes the place of the one that was drawn for the same key before. */
  readonly key: string;
  /** Upright, in full. */
  readonly width: number;
  readonly height: number;
  /** Above 0 to 1: how much smaller it is shown. */
  readonly scale: number;
  readonly variables: Readonly<Record<string, string | number>>;
  /** `variables` has all that the picture's file says: what it does not say is empty in the final, too. */
  readonly isRead: boolean;
}

export type DrawRequest =
  | { readonly type: "draw"; readonly id: number; readonly source: string; readonly picture: DrawnPicture }
  /** Files beside the templates are not what they were. */
  | { readonly type: "forget" };

export interface SentCell {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array<ArrayBuffer>;
}

export interface SentTile {
  readonly cell: number;
  readonly left: number;
  readonly top: number;
  readonly opacity: number;
  readonly blend: BlendMode;
}

export interface DrawAnswer {
  readonly id: number;
  readonly key: string;
  /** Of the template, its images read. */
  readonly diagnostics: readonly Diagnostic[];
  /** `null`: the template has errors, or its mark cannot be drawn on this picture; what was drawn before stays. */
  readonly tiles: readonly SentTile[] | null;
  /** Those that the page does not have yet. */
  readonly cells: readonly SentCell[];
  /** Variables that were not given, and are examples or empty. */
  readonly missing: readonly string[];
  readonly problem: ErrorBody | null;
}
