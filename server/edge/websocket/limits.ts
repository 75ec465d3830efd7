/** What one websocket, and all together, may take. Bytes and milliseconds. */
export interface WebSocketLimits {
  /** Sockets of all clients together. @default 10_000 */
  readonly sockets: number;
  /** Sockets of one address. @default 256 */
  readonly socketsPerAddress: number;
  /** One message of a client: a gRPC message with its frame. @default 8 MiB and 64 KiB */
  readonly messageBytes: number;
  /** Read ahead of the handler; then the socket is not read until the handler has caught up. @default 256 KiB */
  readonly readAheadBytes: number;
  /** Written ahead of the client; then the handler is not asked for more. @default 256 KiB */
  readonly writeAheadBytes: number;
  /** For the first message, which holds the call's headers. @default 10_000 */
  readonly headersMs: number;
  /** Between pings. @default 15_000 */
  readonly pingEveryMs: number;
  /** Without a sign of life; then the socket is cut. @default 40_000 */
  readonly deadAfterMs: number;
  /** For the closing handshake. @default 2_000 */
  readonly closeMs: number;
}

export const WEBSOCKET_LIMITS: WebSocketLimits = {
  sockets: 10_000,
  socketsPerAddress: 256,
  messageBytes: 8 * 1024 * 1024 + 64 * 1024,
  readAheadBytes: 256 * 1024,
  writeAheadBytes: 256 * 1024,
  headersMs: 10_000,
  pingEveryMs: 15_000,
  deadAfterMs: 40_000,
  closeMs: 2_000,
};

/** Close codes (RFC 6455, section 7.4.1, and IANA's registry). The call's own status is in its trailers. */
export const CLOSE = {
  done: 1000,
  goingAway: 1001,
  protocolError: 1002,
  textMessage: 1003,
  policy: 1008,
  internal: 1011,
  tryAgainLater: 1013,
} as const;
