import { createHash } from "node:crypto";
import { type MarkSpec, markKey } from "#contracts/mark-spec.ts";

/** What a proof names as the reason of the mark. */
export interface TemplateVersion {
  readonly name: string;
  readonly version: string;
}

/** A text mark of the settings is a template without a name: its version is a digest of what it says. */
export function templateOf(mark: MarkSpec): TemplateVersion {
  const version = createHash("sha256").update(markKey(mark)).digest("hex").slice(0, 16);
  return { name: "text", version };
}
