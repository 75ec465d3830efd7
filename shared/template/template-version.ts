import { type MarkOperator, operatorJson } from "#contracts/mark-operator.ts";
import { sha256Hex } from "./sha256.ts";

/** A template's version: SHA-256 of its operator's canonical JSON, lower-case hex. Equal marks have equal versions,
 *  however they are written. Pure. */
export function templateVersion(operator: MarkOperator): string {
  return sha256Hex(operatorJson(operator));
}
