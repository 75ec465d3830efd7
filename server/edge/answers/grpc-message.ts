const HEX = "0123456789ABCDEF";

/** `grpc-message` as the gRPC protocol over HTTP/2 spells it ("Responses"): bytes of UTF-8, all but printable ASCII
 *  and `%` as they are. Spaces at the ends are encoded too, because HTTP would lose them. */
export function encodeGrpcMessage(message: string): string {
  if (/^(?! )[\x20-\x24\x26-\x7e]*(?<! )$/.test(message)) return message;
  const bytes = Buffer.from(message, "utf8");
  let encoded = "";
  bytes.forEach((byte, index) => {
    const atEnd = index === 0 || index === bytes.length - 1;
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && !(byte === 0x20 && atEnd);
    encoded += plain ? String.fromCharCode(byte) : `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  });
  return encoded;
}

/** The text again. As the protocol asks, nothing is refused: what is no encoding stays as it is. */
export function decodeGrpcMessage(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  const bytes: number[] = [];
  const source = Buffer.from(encoded, "utf8");
  for (let at = 0; at < source.length; at++) {
    const digits = source.toString("latin1", at + 1, at + 3);
    if (source[at] === 0x25 && /^[0-9A-Fa-f]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else bytes.push(source[at]!);
  }
  return Buffer.from(bytes).toString("utf8");
}
