/** What has just been done on the way from the original to what everybody sees, in order; see docs/adr/0012. */
export type PublishStep =
  | "marked"
  | "proven"
  | "begun"
  | "proof_stored"
  | "snapshot_taken"
  | "swapped"
  | "settled";

/** Is told of each step, and awaited: nothing goes on before it has answered. A rejection ends the attempt there. */
export interface StepObserver {
  reached(step: PublishStep): Promise<void>;
}
