import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { NotExact } from "#imaging/jpeg/not-exact.ts";
import type { MarkPath, TouchedBox } from "../../services/ports/image-marker.ts";
import type { ThreadAnswer } from "../threads/thread-pool.ts";
import type { PictureFacts } from "./inspect-picture.ts";

/** What a marking thread is told when it is started. */
export interface ThreadSettings {
  /** Where colour profiles lie for the moment that they are read. */
  readonly tempDir: string;
}

export type ThreadTask =
  | {
      /**
       * `spliced` and `coefficients` mark a JPEG without decoding it, or answer why they cannot; `mark` decodes and
       * codes again.
       */
      readonly kind: "mark" | "spliced" | "coefficients";
      readonly input: Uint8Array;
      readonly facts: PictureFacts;
      readonly mark: ResolvedMark;
      /** Shared; for a splice that fits. */
      readonly room?: Uint8Array | undefined;
    }
  | { readonly kind: "preview"; readonly input: Uint8Array; readonly maxSide: number };

export type ThreadRequest = ThreadTask & { readonly id: number };

export interface ThreadResult {
  readonly body: Uint8Array;
  /** Of a marked picture. */
  readonly marked?: { readonly path: MarkPath; readonly touched: readonly TouchedBox[] };
}

export type ThreadReply = ThreadAnswer<ThreadResult | NotExact>;
