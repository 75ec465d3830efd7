import type { JobValues } from "#contracts/mark.ts";
import { pictureVariables } from "#imaging/metadata/picture-variables.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorCode } from "#kernel/errors.ts";
import { noTracer, type Tracer, traced } from "#kernel/tracer.ts";
import type { ResolveDiagnostic } from "#template/resolve.ts";
import type { ImageMarker, MarkedPicture } from "../services/ports/image-marker.ts";
import type { PictureProof, PictureProver } from "../services/ports/picture-prover.ts";
import type { StepObserver } from "../services/publish-steps.ts";
import { markFor, type PinnedTemplate } from "./pinned-templates.ts";

export interface MarkAndProveDeps {
  readonly marker: ImageMarker;
  readonly prover: PictureProver;
  readonly clock: Pick<Clock, "now">;
  /** @default none */
  readonly tracer?: Tracer;
  readonly steps?: StepObserver | undefined;
}

export interface PictureToMark {
  readonly original: Uint8Array;
  /** Of `original`, lower-case hex. */
  readonly sha256: string;
  /** Where the marked picture may be written: `roomForSplice` bytes. */
  readonly room: Uint8Array;
  readonly fileName: string;
  /** @default unknown */
  readonly folder?: string;
  readonly owner: string;
  /** What is said of its job, and its place in it. @default nothing */
  readonly values?: JobValues | undefined;
  readonly sequence?: number | undefined;
  /** In the store; `null` for a file. */
  readonly objectKey: string | null;
  readonly markedKey: string | null;
  readonly traceId: string;
}

export interface ProvenMark {
  readonly picture: MarkedPicture;
  readonly proof: PictureProof;
}

/** Failures that may leave a thread at work on the bytes that it was given. */
const UNFINISHED: ReadonlySet<ErrorCode> = new Set(["aborted", "deadline_exceeded", "unavailable"]);

/** Whether a picture's memory may still be read or written after `markAndProve` failed so. */
export function isStillInUse(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted || UNFINISHED.has(AppError.from(error).code);
}

/**
 * Marks a picture and proves that nothing but the mark changed.
 * @param options.onIncomplete is told what the template asks for and the picture lacks.
 * @throws AppError as `ImageMarker.mark` and `PictureProver.prove`.
 */
export async function markAndProve(
  asked: PictureToMark,
  template: PinnedTemplate,
  { marker, prover, clock, tracer = noTracer, steps }: MarkAndProveDeps,
  options: { readonly onIncomplete: (diagnostic: ResolveDiagnostic) => void; readonly signal: AbortSignal },
): Promise<ProvenMark> {
  const { original, sha256, room, objectKey, markedKey, traceId } = asked;
  const { onIncomplete, signal } = options;
  const variables = {
    ...(template.asksPicture && pictureVariables(original)),
    ...asked.values,
    ...(asked.sequence !== undefined && { SEQUENCE: asked.sequence }),
    ...fileVariables(asked),
    timestamp_ms: clock.now(),
  };
  const picture = await traced(tracer, "draw", {}, () =>
    marker.mark(original, { mark: markFor(template, variables, onIncomplete), room, signal }),
  );
  await steps?.reached("marked");
  const proof = await traced(tracer, "prove", {}, () =>
    prover.prove({
      original,
      originalSha256: sha256,
      marked: picture.body,
      touched: picture.touched,
      claims: picture.path === "recoded" ? undefined : "exact",
      template: { name: template.name, version: template.version },
      objectKey,
      markedKey,
      traceId,
      signal,
    }),
  );
  await steps?.reached("proven");
  return { picture, proof };
}

/** What a template may ask about a picture's file and owner. */
function fileVariables({ fileName, folder, owner }: PictureToMark): Record<string, string> {
  const dot = fileName.lastIndexOf(".");
  const [name, extension] = dot > 0 ? [fileName.slice(0, dot), fileName.slice(dot + 1)] : [fileName, ""];
  return {
    "FILE.NAME": name,
    "FILE.EXTENSION": extension,
    ...(folder !== undefined && { "FILE.FOLDER": folder }),
    user_id: owner,
  };
}
