import type { MarkSpec } from "#contracts/mark-spec.ts";
import type { ByteBudget } from "#kernel/byte-budget.ts";
import type { Clock } from "#kernel/clock.ts";
import type { Logger } from "#kernel/logger.ts";
import type { Random } from "#kernel/random.ts";
import type { Cause } from "#kernel/trace-context.ts";
import type { Bell } from "./bell.ts";
import type { MediaRepository } from "./ports/media-repository.ts";
import type { ObjectStore } from "./ports/object-store.ts";
import type { TemplateRepository } from "./ports/template-repository.ts";

export interface UploadDeps {
  readonly repository: MediaRepository;
  readonly templates: TemplateRepository;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Rung after each commit that others wait for. */
  readonly commits: Bell;
  /** One unit for each object that is read back at once. */
  readonly reading: ByteBudget;
  readonly defaultMark: MarkSpec;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Carries the request's id and trace. */
  readonly logger?: Logger | undefined;
  /** The request itself, for what it causes later and elsewhere. */
  readonly cause?: Cause | undefined;
}
