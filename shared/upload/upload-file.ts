import { throwIfAborted } from "#kernel/cancellation.ts";
import { AppError } from "#kernel/errors.ts";
import { type PartPlan, type PlannedPart, planParts } from "./part-planner.ts";
import { isStale, PartUrls } from "./part-urls.ts";
import type {
  ByteSource,
  ConfirmedPart,
  PartJournal,
  PartSigner,
  SignedRequest,
  Transport,
} from "./ports.ts";
import { type RetryDeps, withRetry } from "./retry.ts";
import type { TransferGate } from "./transfer-gate.ts";

/** Parts of one file at once; the gate bounds them over all files. */
const PARTS_AT_ONCE = 4;
/** Fresh URLs in a row that the store may call expired before a wrong clock is the only explanation. */
const MAX_RENEWALS = 3;

export interface UploadFileDeps extends RetryDeps {
  readonly transport: Transport;
  readonly gate: TransferGate;
}

/** How the control plane wants one file sent. */
export type UploadPlan =
  | {
      readonly kind: "single";
      readonly request: SignedRequest;
      /** A fresh request for the same object. */
      renew(options: { readonly signal: AbortSignal }): Promise<SignedRequest>;
    }
  | {
      readonly kind: "parts";
      /** Bytes of every part but the last. */
      readonly partSize: number;
      readonly signer: PartSigner;
      readonly journal: PartJournal;
    };

export interface UploadFileOptions {
  readonly signal: AbortSignal;
  /** Server's clock minus ours, in milliseconds. @default 0 */
  readonly clockOffsetMs?: number;
  /** Bytes that the store has or is getting; falls when a part has to be sent again. */
  readonly onProgress?: (sentBytes: number) => void;
  readonly onTrouble?: (error: AppError | null) => void;
}

/**
 * Sends one file by a single PUT or in parts, and answers the confirmed parts (none for a single PUT). Parts that the
 * store has confirmed before are not sent again. An abort leaves the confirmed parts with the store; calling again
 * goes on from there.
 * @throws AppError `upload.gone` (announce again), `upload.clock_skew`, `upload.too_many_parts`,
 *   `upload.checksum_mismatch`, `store.refused`, `store.unreachable`, `aborted`.
 */
export async function uploadFile(
  deps: UploadFileDeps,
  file: { readonly source: ByteSource; readonly plan: UploadPlan },
  options: UploadFileOptions,
): Promise<{ readonly parts: readonly ConfirmedPart[] }> {
  throwIfAborted(options.signal);
  const { source, plan } = file;
  const sent = new SentBytes(options.onProgress);
  if (plan.kind === "parts") return { parts: await sendParts(deps, source, plan, sent, options) };

  let request = plan.request;
  await sendRenewing(
    deps,
    { source, start: 0, end: source.size, partNumber: 1 },
    async (renewed) => {
      if (renewed || isStale(request, deps.clock.now(), options.clockOffsetMs ?? 0))
        request = await withRetry(deps, () => plan.renew({ signal: options.signal }), options);
      return request;
    },
    sent,
    options,
  );
  return { parts: [] };
}

async function sendParts(
  deps: UploadFileDeps,
  source: ByteSource,
  plan: Extract<UploadPlan, { kind: "parts" }>,
  sent: SentBytes,
  options: UploadFileOptions,
): Promise<readonly ConfirmedPart[]> {
  const parts = planParts(source.size, plan.partSize);
  const done = await reconcile(deps, parts, plan, options);
  for (const part of done.values()) sent.set(part.partNumber, part.size);

  const todo: PlannedPart[] = [];
  for (let n = 1; n <= parts.count; n++) if (!done.has(n)) todo.push(parts.part(n));
  const urls = new PartUrls(
    { signer: retryingSigner(deps, plan.signer, options), clock: deps.clock },
    todo,
    options.clockOffsetMs ?? 0,
  );

  // A fresh controller for each start: the first final error stops this file's other parts, and nothing else.
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let next = 0;
  const runner = async () => {
    while (next < todo.length) {
      const place = next++;
      const part = todo[place]!;
      const { etag } = await sendRenewing(
        deps,
        { source, ...part },
        (renewed) => {
          if (renewed) urls.drop(part.partNumber);
          return urls.get(place, { signal });
        },
        sent,
        { ...options, signal },
      );
      const confirmed = { partNumber: part.partNumber, etag, size: part.end - part.start };
      await plan.journal.confirm(confirmed);
      done.set(part.partNumber, confirmed);
    }
  };
  const runners = Array.from({ length: Math.min(PARTS_AT_ONCE, todo.length) }, () =>
    runner().catch((error: unknown) => {
      const first = AppError.from(error);
      stop.abort(first);
      throw first;
    }),
  );
  const outcomes = await Promise.allSettled(runners);
  throwIfAborted(options.signal);
  if (stop.signal.aborted) throw stop.signal.reason;
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return [...done.values()].sort((a, b) => a.partNumber - b.partNumber);
}

/** The parts that need not be sent: what the store lists, in the size that the plan gives it. What only the journal
 *  knows is sent again; what only the store knows (we died before writing it down) is written down now. */
async function reconcile(
  deps: UploadFileDeps,
  parts: PartPlan,
  plan: Extract<UploadPlan, { kind: "parts" }>,
  options: UploadFileOptions,
): Promise<Map<number, ConfirmedPart>> {
  const listed = await withRetry(deps, () => plan.signer.list({ signal: options.signal }), options);
  const known = new Map((await plan.journal.confirmed()).map((part) => [part.partNumber, part]));
  const done = new Map<number, ConfirmedPart>();
  for (const part of listed) {
    if (part.partNumber > parts.count) continue;
    const planned = parts.part(part.partNumber);
    if (part.size !== planned.end - planned.start) continue;
    if (known.get(part.partNumber)?.etag !== part.etag) await plan.journal.confirm(part);
    done.set(part.partNumber, part);
  }
  return done;
}

/** One PUT through the gate; an expired URL is renewed and the PUT tried again without counting as a failure. */
async function sendRenewing(
  deps: UploadFileDeps,
  body: {
    readonly source: ByteSource;
    readonly start: number;
    readonly end: number;
    readonly partNumber: number;
  },
  request: (renew: boolean) => Promise<SignedRequest>,
  sent: SentBytes,
  options: UploadFileOptions,
): Promise<{ readonly etag: string }> {
  for (let renewals = 0; ; renewals++) {
    try {
      let renew = renewals > 0;
      return await deps.gate.run(async () => {
        const signed = await request(renew);
        renew = false;
        sent.set(body.partNumber, 0);
        const answer = await deps.transport
          .put(signed, body, {
            signal: options.signal,
            onSent: (bytes) => sent.set(body.partNumber, bytes),
          })
          .catch((error: unknown) => {
            // Nobody there: the store may have moved, so the next try asks for the URL anew.
            renew = AppError.from(error).code === "store.unreachable";
            throw error;
          });
        sent.set(body.partNumber, body.end - body.start);
        return answer;
      }, options);
    } catch (thrown) {
      sent.set(body.partNumber, 0);
      const error = AppError.from(thrown);
      if (error.code !== "upload.expired_url") throw error;
      if (renewals >= MAX_RENEWALS)
        throw new AppError(
          "upload.clock_skew",
          "The store calls fresh upload links expired. Its clock and the server's do not agree.",
          { cause: error },
        );
    }
  }
}

/** Signing goes over the network as well, and is as patient as sending. */
function retryingSigner(deps: RetryDeps, signer: PartSigner, options: UploadFileOptions): PartSigner {
  return {
    sign: (parts, { signal }) =>
      withRetry(deps, () => signer.sign(parts, { signal }), { ...options, signal }),
    list: (listOptions) => signer.list(listOptions),
  };
}

/** Bytes on their way or there, by part. */
class SentBytes {
  readonly #byPart = new Map<number, number>();
  readonly #report: ((sentBytes: number) => void) | undefined;
  #total = 0;

  constructor(report: ((sentBytes: number) => void) | undefined) {
    this.#report = report;
  }

  set(partNumber: number, bytes: number): void {
    const before = this.#byPart.get(partNumber) ?? 0;
    if (before === bytes) return;
    this.#byPart.set(partNumber, bytes);
    this.#total += bytes - before;
    this.#report?.(this.#total);
  }
}
