/** How one unary call is written on the wire. */
export interface UnaryForm {
  readonly kind: "grpc" | "grpc-web" | "connect";
  readonly binary: boolean;
  /** base64 over all. */
  readonly text: boolean;
  /** The answer's content type. */
  readonly answers: string;
  readonly encodingHeader: "grpc-encoding" | "content-encoding";
  readonly acceptHeader: "grpc-accept-encoding" | "accept-encoding";
  readonly timeoutHeader: "grpc-timeout" | "connect-timeout-ms";
}

const grpc = {
  encodingHeader: "grpc-encoding",
  acceptHeader: "grpc-accept-encoding",
  timeoutHeader: "grpc-timeout",
} as const;
const connect = {
  kind: "connect",
  text: false,
  encodingHeader: "content-encoding",
  acceptHeader: "accept-encoding",
  timeoutHeader: "connect-timeout-ms",
} as const;

function grpcForms(kind: "grpc" | "grpc-web", type: string, text: boolean): [string, UnaryForm][] {
  const proto: UnaryForm = { ...grpc, kind, binary: true, text, answers: `${type}+proto` };
  const json: UnaryForm = { ...grpc, kind, binary: false, text, answers: `${type}+json` };
  return [
    [type, proto],
    [`${type}+proto`, proto],
    [`${type}+json`, json],
  ];
}

const JSON_FORM: UnaryForm = { ...connect, binary: false, answers: "application/json" };

const FORMS: ReadonlyMap<string, UnaryForm> = new Map<string, UnaryForm>([
  ...grpcForms("grpc", "application/grpc", false),
  ...grpcForms("grpc-web", "application/grpc-web", false),
  ...grpcForms("grpc-web", "application/grpc-web-text", true),
  ["application/proto", { ...connect, binary: true, answers: "application/proto" }],
  ["application/json", JSON_FORM],
  ["application/json; charset=utf-8", JSON_FORM],
  ["application/json;charset=utf-8", JSON_FORM],
]);

/** The usual content types; others are read by the protocols' own handlers, which know them all. */
export function unaryFormOf(contentType: string | undefined): UnaryForm | undefined {
  return contentType === undefined
    ? undefined
    : (FORMS.get(contentType) ?? FORMS.get(contentType.toLowerCase()));
}
