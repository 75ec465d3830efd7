import { AppError } from "#kernel/errors.ts";
import type { KeySetSource } from "../../services/ports/key-set-source.ts";

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

/** A key set behind an https URL. Follows no redirect: the URL is what the operator trusts. */
export function createKeySetUrl({
  url,
  fetch = globalThis.fetch,
}: {
  readonly url: string;
  /** @default the `fetch` of the runtime */
  readonly fetch?: typeof globalThis.fetch;
}): KeySetSource {
  if (!url.startsWith("https://"))
    throw new AppError("config.invalid", "Keys are fetched by https alone.", {
      details: { setting: "tokenKeysUrl" },
    });
  return {
    async fetch({ signal } = {}) {
      try {
        const timeout = AbortSignal.timeout(TIMEOUT_MS);
        const answer = await fetch(url, {
          redirect: "error",
          headers: { accept: "application/jwk-set+json, application/json" },
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        });
        if (answer.status !== 200) {
          await answer.body?.cancel();
          throw new Error(`status ${answer.status}`);
        }
        return await boundedText(answer);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new AppError("unavailable", `The key set cannot be fetched: ${why}.`, {
          retry: "backoff",
          cause,
        });
      }
    },
  };
}

async function boundedText(answer: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
