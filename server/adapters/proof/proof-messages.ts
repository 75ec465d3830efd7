import type { ProofClaims } from "#contracts/proof-record.ts";
import type { ProofPrivateKey } from "#imaging/proof/sign-record.ts";
import type { ProofRequest } from "../../services/ports/picture-prover.ts";

/** What a proving thread is started with. Holds a secret. */
export interface ProofThreadSettings {
  readonly key: ProofPrivateKey;
  readonly software: ProofClaims["software"];
}

export interface ProofMessage extends Omit<ProofRequest, "signal"> {
  /** ISO 8601, UTC. */
  readonly time: string;
}
