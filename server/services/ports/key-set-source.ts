/** Where published keys are fetched from. */
export interface KeySetSource {
  /** The text of the key set as it is now. Ends by itself after some seconds.
   *  @throws AppError `unavailable`. */
  fetch(options?: { readonly signal?: AbortSignal }): Promise<string>;
}
