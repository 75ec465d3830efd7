/** What the command line ends with (docs/guides/settings.md). */
export const EXIT = {
  done: 0,
  /** Some pictures could not be marked. */
  failedPictures: 1,
  /** Some templates have errors, or are not in their canonical form. */
  badTemplates: 1,
  /** A configuration is bad, or an Envoy has refused one; the last good one is in force. */
  refusedConfig: 1,
  usage: 2,
  /** Something outside is missing or refuses: server, store, disk, rights. */
  environment: 3,
  /** Ctrl-C; 128 + SIGINT, as shells expect. */
  interrupted: 130,
  /** Whoever read our output has gone; 128 + SIGPIPE. */
  brokenPipe: 141,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
