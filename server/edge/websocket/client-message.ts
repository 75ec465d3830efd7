import { AppError } from "#kernel/errors.ts";

const DATA = 0;
const FINISH_SEND = 1;

/** What a message after the first one says: bytes of the call's body, or `null`: no more of them.
 *  @throws AppError `invalid_argument` */
export function readClientMessage(message: Uint8Array): Uint8Array | null {
  if (message[0] === DATA) return message.subarray(1);
  if (message[0] === FINISH_SEND && message.length === 1) return null;
  throw new AppError("invalid_argument", "A message begins with 0 (data), or is the single byte 1 (end).");
}
