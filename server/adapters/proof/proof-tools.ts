import { hash } from "node:crypto";
import type { ProofTools } from "#imaging/proof/examine-pair.ts";
import { ProofKernel } from "#imaging/wasm/proof-kernel.ts";
import { decodePicture } from "./decode-picture.ts";

/** What the proof needs on Node. */
export async function loadProofTools(): Promise<ProofTools> {
  return {
    kernel: await ProofKernel.load(),
    sha256: (bytes) => hash("sha256", bytes, "buffer"),
    decode: decodePicture,
  };
}
