import { createHash } from "node:crypto";
import type { PictureProver, ProofRequest } from "../../server/services/ports/picture-prover.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What the fake's records say. */
export interface FakeRecord {
  readonly original: string;
  readonly marked: string;
  readonly markedKey: string | null;
}

/** Believes everything, until `refusal` is set; its records name both hashes. */
export class FakeProver implements PictureProver {
  refusal: Error | null = null;
  readonly asked: ProofRequest[] = [];

  async prove(request: ProofRequest) {
    this.asked.push(request);
    if (this.refusal) throw this.refusal;
    const { original, marked, markedKey } = request;
    const markedSha256 = sha256(marked);
    const record: FakeRecord = { original: sha256(original), marked: markedSha256, markedKey };
    return { record: Buffer.from(JSON.stringify(record)), markedSha256, class: "exact" as const };
  }

  async close(): Promise<void> {}
}
