/** What can be wrong with a signature, under the names that S3 clients read. */
export type SignatureErrorCode =
  | "AccessDenied"
  | "AuthorizationHeaderMalformed"
  | "AuthorizationQueryParametersError"
  | "IncompleteBody"
  | "InvalidAccessKeyId"
  | "InvalidRequest"
  | "InvalidTokenId"
  | "MissingDateHeader"
  | "RequestTimeTooSkewed"
  | "SignatureDoesNotMatch";

/** A request, chunk or trailer that is not what its signer signed, or not decodable. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
  readonly code: SignatureErrorCode;

  constructor(code: SignatureErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
