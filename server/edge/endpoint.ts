import type { DescMethod } from "@bufbuild/protobuf";
import type { Exchange } from "./exchange.ts";

/** What answers at one path, once the request has passed every station before it. */
export interface Endpoint {
  /** `null`: a plain JSON route. */
  readonly rpc: DescMethod | null;
  /** What the path asks of its caller, it asks as this method: its own, or the one that a JSON route stands for. */
  readonly access: DescMethod;
  /** Answers. What it throws before the answer's headers are sent is answered as the request's protocol wants it. */
  serve(exchange: Exchange): Promise<void>;
}
