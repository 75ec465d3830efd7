import type { DescMethod } from "@bufbuild/protobuf";

/** The protocol that a request speaks. `json`: plain JSON, also where nobody can tell. */
export type WireForm = "grpc" | "grpc-web" | "grpc-web-text" | "connect-unary" | "connect-stream" | "json";

const GRPC_KIND = /^application\/grpc(?<web>-web(?<text>-text)?)?(?:$|[+; ])/i;

/** By the content type, and for Connect by whether the path is a method's. Pure. */
export function wireFormOf(contentType: string | undefined, rpc: DescMethod | null): WireForm {
  const grpc = GRPC_KIND.exec(contentType ?? "")?.groups;
  if (grpc) return grpc.text ? "grpc-web-text" : grpc.web ? "grpc-web" : "grpc";
  if (rpc === null) return "json";
  return /^application\/connect\+/i.test(contentType ?? "") ? "connect-stream" : "connect-unary";
}

export function isGrpcKind(form: WireForm): boolean {
  return form === "grpc" || form === "grpc-web" || form === "grpc-web-text";
}
