import { Call, type CallOrder, type CallOutcome } from "./call.ts";
import { callByGoogle } from "./google-client.ts";
import { callByImprobable } from "./improbable-client.ts";

/** What tests ask of the page. */
export interface ClientsPage {
  call(order: CallOrder): Promise<CallOutcome>;
  /** Takes the last call back. */
  abort(): void;
}

let last: Call | undefined;

export const call: ClientsPage["call"] = (order) => {
  last = new Call(order);
  const [maker, way] = order.client.split(" ");
  if (maker === "grpc-web") callByGoogle(last, way as "binary" | "text");
  else callByImprobable(last, way as "fetch" | "xhr" | "websocket");
  return last.ended.promise;
};

export const abort: ClientsPage["abort"] = () => last?.abort();
